"""Bind a loan to the one that it renews, and a change of terms to the loan that renewed by it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"

_LINKS = (("loan", "renews_id"), ("loan_change", "new_loan_id"))
"""Tables with their columns that name a loan."""


def upgrade() -> None:
    for table, column in _LINKS:
        name = _name(table, column)
        if _is_sqlite():
            columns = _columns(table).removesuffix(")").rstrip()
            _write_anew(table, f"{columns}{_clause(name, column)})")
        else:
            op.create_foreign_key(op.f(name), table, "loan", [column], ["id"])


def downgrade() -> None:
    for table, column in reversed(_LINKS):
        name = _name(table, column)
        if _is_sqlite():
            _write_anew(table, _columns(table).replace(_clause(name, column), ""))
        else:
            op.drop_constraint(op.f(name), table, type_="foreignkey")


def _name(table: str, column: str) -> str:
    return f"fk_{table}_{column}_loan"


def _clause(name: str, column: str) -> str:
    return f", CONSTRAINT {name} FOREIGN KEY({column}) REFERENCES loan (id)"


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _columns(table: str) -> str:
    """Columns and constraints of a table on SQLite, as its own text has them."""
    own = sa.text("SELECT sql FROM sqlite_master WHERE name = :name AND type = 'table'")
    standing: str = op.get_bind().execute(own, {"name": table}).scalar_one()
    return standing[standing.index("(") :].rstrip()


def _write_anew(table: str, columns: str) -> None:
    """SQLite adds or drops a foreign key by writing the table anew, with its rows and indexes."""
    bind = op.get_bind()
    own = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type = 'index'")
    indexes = bind.execute(own, {"name": table}).scalars().all()
    made = f"{table}_anew"
    op.execute(f"CREATE TABLE {made} {columns}")
    names = [each["name"] for each in sa.inspect(bind).get_columns(table)]
    new, old = (sa.table(name, *(sa.column(each) for each in names)) for name in (made, table))
    bind.execute(sa.insert(new).from_select(names, sa.select(old)))
    op.drop_table(table)
    op.rename_table(made, table)
    for each in indexes:
        if each is not None:
            op.execute(each)
