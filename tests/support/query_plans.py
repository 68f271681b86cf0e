"""How a database would carry out a statement, so that a test sees which index serves it."""

import sqlalchemy as sa

_OTHER_WAYS = ("seqscan", "sort", "incremental_sort", "bitmapscan", "hashjoin", "mergejoin")


def plan_of(session, statement):
    """The plan as text; PostgreSQL, which reads small tables whole, is kept from every other way."""
    text = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
    if session.get_bind().dialect.name == "sqlite":
        plan = session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")).all()
    else:
        for way in _OTHER_WAYS:
            session.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        plan = session.execute(sa.text(f"EXPLAIN {text}")).all()
    return " ".join(str(each) for each in plan)
