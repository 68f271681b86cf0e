"""The schema of a test database, made in one place."""

import sqlalchemy as sa

from app.tables import load_tables


def build_schema(url: str) -> None:
    """Make all tables in an empty database."""
    engine = sa.create_engine(url)
    metadata = load_tables()
    metadata.create_all(engine, tables=_complete(metadata))
    engine.dispose()


def _complete(metadata: sa.MetaData) -> list[sa.Table]:
    """The tables whose references all exist."""
    tables = dict(metadata.tables)
    while True:
        broken = [
            name
            for name, table in tables.items()
            if any(
                key.target_fullname.rpartition(".")[0] not in tables for key in table.foreign_keys
            )
        ]
        if not broken:
            return list(tables.values())
        for name in broken:
            del tables[name]
