"""The set-up: locks, front-end files and `dev.py` itself."""

import ast
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import dev

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
REQUIREMENTS = ["requirements.lock", "requirements-dev.lock", "requirements-node.lock"]
LOCKS = [*REQUIREMENTS, "uv.lock", "package-lock.json", ".npmrc"]


@pytest.mark.parametrize("name", LOCKS)
def test_locks_hold_no_address_of_a_registry(name: str) -> None:
    content = (ROOT / name).read_text()
    assert not re.search(r"pypi\.org|pythonhosted|npmjs|index-url|find-links|\"resolved\"", content)
    assert name == "package-lock.json" or "://" not in content


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_each_locked_package_is_pinned_and_hashed(name: str) -> None:
    locked = list(pins(name))
    assert locked
    for requirement, hashes in locked:
        assert [part.operator for part in requirement.specifier] == ["=="], requirement
        assert hashes, requirement


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirement_lists_are_what_uv_derives_from_its_lock(name: str) -> None:
    if not shutil.which("uv"):
        pytest.skip("uv is not installed")
    assert dev.exported(name) == (ROOT / name).read_text()


@pytest.mark.parametrize(
    ("name", "group"), [("requirements.lock", None), ("requirements-dev.lock", "dev")]
)
def test_locks_satisfy_what_the_project_asks_for(name: str, group: str | None) -> None:
    locked = {key(pin): version(pin) for pin, _ in pins(name) if applies(pin)}
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["build"]]
    if group:
        wanted += [line for line in PROJECT["dependency-groups"][group] if isinstance(line, str)]
    for line in wanted:
        requirement = Requirement(line)
        assert requirement.specifier.contains(locked[key(requirement)]), line


def test_the_environment_is_the_locked_one() -> None:
    wrong = {}
    for pin, _ in pins("requirements-dev.lock"):
        if applies(pin) and importlib.metadata.version(pin.name) != version(pin):
            wrong[pin.name] = importlib.metadata.version(pin.name)
    assert not wrong


def test_dev_py_needs_nothing_but_the_standard_library() -> None:
    tree = ast.parse((ROOT / "dev.py").read_text())
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import)
                for alias in node.names}  # fmt: skip
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names


def test_the_wheel_carries_templates_and_migrations_inside_the_app(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run([*build, "--directory", tmp_path], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        carried = set(wheel.namelist())
    expected = {
        f"app/{file.relative_to(ROOT).as_posix()}"
        for folder, pattern in [("templates", "*.html"), ("migrations", "*.py")]
        for file in (ROOT / folder).rglob(pattern)
    }
    assert "app/templates/base.html" in expected
    assert expected <= carried
    assert "risk_models/__init__.py" in carried
    assert not {name for name in carried if name.startswith(("tests", "templates", "dev"))}


def test_vendor_files_hash_as_their_manifest_says() -> None:
    files = vendor_manifest()["files"]
    assert set(files) == {*dev.SHIPPED, "icons.svg"}
    for name, facts in files.items():
        content = (dev.VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == facts["sha256"], name
        assert facts["version"], name
        assert facts["licence"], name


def test_vendor_versions_are_those_of_the_package_file() -> None:
    wanted = json.loads((ROOT / "package.json").read_text())["dependencies"]
    shipped = vendor_manifest()["files"].values()
    assert {facts["package"]: facts["version"] for facts in shipped} == wanted


def test_the_sprite_holds_each_listed_icon_once() -> None:
    vendor_manifest()
    symbols = [symbol.get("id") for symbol in ET.parse(dev.VENDOR / "icons.svg").getroot()]
    lines = (dev.STATIC / "icons.txt").read_text().splitlines()
    assert symbols == [line for line in lines if not line.startswith("#")]
    assert len(symbols) == len(set(symbols))


WORKERS = str(dev.cores() + 1)


@pytest.mark.parametrize(
    ("options", "selection", "deep"),
    [
        ([], ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"], None),
        (["-k", "pledge"], ["-k", "pledge"], None),
        (["--deep", "tests/unit"], ["-m", "not benchmark", "tests/unit"], "1"),
        (
            ["--deep"],
            ["-m", "not benchmark", "-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"],
            "1",
        ),
    ],
)
def test_options_of_the_test_command_reach_pytest(
    options: list[str], selection: list[str], deep: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREENPLEDGE_TEST_DEEP", "")
    monkeypatch.delenv("GREENPLEDGE_TEST_DEEP")
    assert dev.test_selection(options) == selection
    assert os.environ.get("GREENPLEDGE_TEST_DEEP") == deep


def test_what_is_started_compiles_its_modules_once_and_not_beside_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    started: list[object] = []
    monkeypatch.setattr(os, "execv", lambda program, line: started.append((program, line)))
    dev.replace_by("python", "-V")
    assert started == [(dev.BIN / "python", [str(dev.BIN / "python"), "-V"])]
    assert "PYTHONDONTWRITEBYTECODE" not in os.environ
    assert os.environ["PYTHONPYCACHEPREFIX"] == str(dev.VENV / "compiled")


@pytest.mark.parametrize("content", [None, "", "{", "[]"])
def test_a_missing_or_broken_stamp_counts_as_none(content: str | None, tmp_path: Path) -> None:
    stamp = tmp_path / "stamp.json"
    if content is not None:
        stamp.write_text(content)
    assert dev.read_json(stamp) == {}


@pytest.mark.parametrize("line", [["run", "--help"], ["setup", "-h"], ["--help"], ["help"], []])
def test_help_is_shown_at_once_and_sets_nothing_up(
    line: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # `main` goes to the project's folder; the rest of the tests stay where they are.
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(dev, "set_up", lambda _kind: pytest.fail("nothing is to be set up"))
    dev.main(line)
    shown = capsys.readouterr().out
    assert "python3 dev.py run" in shown
    assert "--port" in shown


def test_a_digest_changes_when_text_moves_over_a_border() -> None:
    assert dev.digest(b"ab", b"c") != dev.digest(b"a", b"bc")


def test_a_failing_step_names_its_remedy() -> None:
    with pytest.raises(SystemExit, match=r"false.*failed: buy a new one"):
        dev.call(["false"], remedy="buy a new one")
    with pytest.raises(SystemExit, match="no-such-program"):
        dev.call(["no-such-program"])


def pins(name: str) -> Iterator[tuple[Requirement, list[str]]]:
    joined = (ROOT / name).read_text().replace("\\\n", " ")
    for line in joined.splitlines():
        if line and not line.lstrip().startswith("#"):
            text, *hashes = re.split(r"\s+--hash=", line.strip())
            yield Requirement(text), hashes


def key(requirement: Requirement) -> str:
    return canonicalize_name(requirement.name)


def version(pin: Requirement) -> str:
    return next(iter(pin.specifier)).version


def applies(pin: Requirement) -> bool:
    return pin.marker is None or pin.marker.evaluate()


def vendor_manifest() -> dict[str, dict[str, dict[str, str]]]:
    manifest: dict[str, dict[str, dict[str, str]]] = dev.read_json(dev.VENDOR / "manifest.json")
    if not manifest:
        pytest.skip("front-end files are missing: run `python3 dev.py setup`")
    return manifest
