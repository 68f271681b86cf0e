"""The schema of a test database, made in one place: by the migrations, as everywhere."""

from app.db.engine import make_engine
from app.db.migrations import upgrade


def build_schema(url: str) -> None:
    """Make all tables in an empty database."""
    engine = make_engine(url)
    upgrade(engine)
    engine.dispose()
