"""What a database says about its own schema, in a form that two databases can be compared by."""

import re
from functools import cache

import sqlalchemy as sa

OWN_TABLES = ("schema_version", "schema_lock")

_POSTGRES = {
    "columns": """
        SELECT table_name, column_name, data_type, coalesce(character_maximum_length, 0),
               coalesce(numeric_precision, 0), coalesce(numeric_scale, 0), is_nullable, coalesce(column_default, '')
        FROM information_schema.columns WHERE table_schema = 'public'
    """,
    "constraints": """
        SELECT conrelid::regclass::text, conname, contype, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
    "indexes": "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": """
        SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
    """,
}


def catalogue(url):
    """Every table, column, constraint, index and trigger of a database, as sorted lines by kind."""
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                return _sqlite(connection)
            return {kind: _rows(connection, query) for kind, query in _POSTGRES.items()}
    finally:
        engine.dispose()


def _rows(connection, query):
    rows = connection.exec_driver_sql(query).fetchall()
    return sorted(tuple(map(str, row)) for row in rows if row[0] not in OWN_TABLES)


def _sqlite(connection):
    rows = connection.exec_driver_sql(
        "SELECT tbl_name, type, name, coalesce(sql, '') FROM sqlite_master"
    ).fetchall()
    return {
        "objects": sorted(
            (table, kind, name, normal_sql(sql))
            for table, kind, name, sql in rows
            if table not in OWN_TABLES
        )
    }


@cache
def normal_sql(sql):
    """SQL without line breaks and quotes, the parts of a table in one order."""
    flat = re.sub(r"\s+", " ", sql.replace('"', "").replace("`", "")).strip()
    head, found, body = flat.partition("(")
    if not found or not head.startswith("CREATE TABLE"):
        return re.sub(r"\s*([(),])\s*", r"\1", flat)
    parts = _parts(body.rstrip().removesuffix(")"))
    return f"{head.strip()}({', '.join(sorted(parts))})"


def _parts(body):
    """Columns and constraints: split at the commas outside parentheses."""
    parts, depth, begun = [], 0, 0
    for found in re.finditer(r"[(),]", body):
        depth += {"(": 1, ")": -1}.get(found[0], 0)
        if found[0] == "," and depth == 0:
            parts.append(body[begun : found.start()].strip())
            begun = found.end()
    return [*parts, body[begun:].strip()]
