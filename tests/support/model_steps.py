"""The step functions a model can print, found by following what its code names.

A step may stand in the model's own modules, in a table, or in a module that several models share;
only those that the model's methods reach are its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import CodeType, FunctionType, MethodType, ModuleType

from risk_models.contract import Model, StepFunction

__all__ = ["steps_of"]

ROOMS = ("risk_models", "tests")
"""Code of other packages prints no steps."""


def steps_of(model: Model) -> list[StepFunction[..., object]]:
    """The steps reached from `exposures` and then `check`, in the order the code names them."""
    walk = _Walk()
    for name in ("exposures", "check", "reconcile", "review"):
        walk.visit(getattr(type(model), name, None))
    return walk.found


class _Walk:
    def __init__(self) -> None:
        self.found: list[StepFunction[..., object]] = []
        self._seen: dict[int, object] = {}

    def visit(self, thing: object) -> None:
        """Follows one value; what was seen is kept, so that no identity is given out twice."""
        if id(thing) in self._seen:
            return
        self._seen[id(thing)] = thing
        if isinstance(thing, StepFunction):
            self.found.append(thing)
        for part in _parts(thing):
            self.visit(part)


def _parts(thing: object) -> Iterator[object]:
    """What a function, a class, a table or a record of this project names."""
    match thing:
        case StepFunction():
            yield thing.function
        case MethodType() | staticmethod() | classmethod():
            yield thing.__func__
        case FunctionType() if thing.__module__.startswith(ROOMS):
            yield from _named(thing.__code__, thing.__globals__)
            yield from (cell.cell_contents for cell in thing.__closure__ or ())
        case type() if thing.__module__.startswith(ROOMS):
            yield from vars(thing).values()
        case Mapping():
            yield from thing.values()
        case tuple() | list():
            yield from thing
        case _ if is_dataclass(thing):
            yield from (getattr(thing, entry.name) for entry in fields(thing))


def _named(code: CodeType, known: Mapping[str, object]) -> Iterator[object]:
    """The globals that code names, and of modules among them the attributes that it names."""
    modules = []
    for name in code.co_names:
        if name in known:
            thing = known[name]
            modules += [thing] if isinstance(thing, ModuleType) else []
            yield thing
        else:
            yield from (vars(module)[name] for module in modules if name in vars(module))
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _named(inner, known)
