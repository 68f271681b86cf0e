"""Add renewals without repayment, and rates that a change of terms sets anew."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

_ACCOUNTS = (
    "cash",
    "principal",
    "interest-receivable",
    "interest-income",
    "penalty-receivable",
    "penalty-income",
    "compound-receivable",
    "compound-income",
    "fee-receivable",
    "fee-income",
    "suspense",
    "write-off",
    "recovery-income",
    "memo-interest",
    "memo-written-off",
    "memo-contra",
    "memo-pledged",
)
_FACTS = (
    "funds-misused",
    "restructured",
    "refinanced",
    "debtor-evades",
    "credit-weakened",
    "credit-impaired",
    "overdue-elsewhere",
    "technical-delay",
    "credit-enhanced",
)

_Words = tuple[str, ...]

_WORDS: Mapping[tuple[str, str], tuple[_Words, str]] = {
    ("loan_posting", "debit"): (_ACCOUNTS, "renewal-clearing"),
    ("loan_posting", "credit"): (_ACCOUNTS, "renewal-clearing"),
    ("ledger_period_total", "debit"): (_ACCOUNTS, "renewal-clearing"),
    ("ledger_period_total", "credit"): (_ACCOUNTS, "renewal-clearing"),
    ("loan_fact", "fact"): (_FACTS, "renewed"),
    ("class_change", "better_fact"): (_FACTS, "renewed"),
    ("note_rate", "reason"): (("drawdown", "reset"), "change"),
    ("pledge", "state"): (("contracted", "registered", "released", "cancelled"), "carried-over"),
    ("registration", "kind"): (("initial", "search", "extension", "cancellation"), "change"),
    ("loan_change", "kind"): (("extension", "restructuring"), "renewal"),
}
"""The words of a column before, and the one that comes in."""

_RESET = "reason = 'drawdown' OR lpr_on IS NOT NULL"
_RESET_AFTER = "reason <> 'reset' OR lpr_on IS NOT NULL"


def upgrade() -> None:
    for table in dict.fromkeys(table for table, _column in _WORDS):
        _change_checks(table, _checks(table, forward=True))
    op.add_column("loan", sa.Column("renews_id", sa.Uuid(), nullable=True))
    op.add_column(
        "loan", sa.Column("repriced", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    _create_unique("uq_loan_renews", "loan", "renews_id")
    op.add_column("pledge", sa.Column("carries_id", sa.Uuid(), nullable=True))
    _create_unique("uq_pledge_carries", "pledge", "carries_id")
    op.add_column("loan_change", sa.Column("rate_ppm", sa.Integer(), nullable=True))
    op.add_column("loan_change", sa.Column("lpr_bp", sa.Integer(), nullable=True))
    op.add_column(
        "loan_change",
        sa.Column("small_borrower", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("loan_change", sa.Column("new_loan_id", sa.Uuid(), nullable=True))
    _create_rate_changes()


def downgrade() -> None:
    """What was renewed or priced anew has no place in the tables before: with any the CHECKs refuse."""
    op.drop_table("loan_rate_change")
    for name in ("new_loan_id", "small_borrower", "lpr_bp", "rate_ppm"):
        op.drop_column("loan_change", name)
    op.drop_index("uq_pledge_carries", table_name="pledge")
    op.drop_column("pledge", "carries_id")
    op.drop_index("uq_loan_renews", table_name="loan")
    op.drop_column("loan", "repriced")
    op.drop_column("loan", "renews_id")
    for table in dict.fromkeys(table for table, _column in _WORDS):
        _change_checks(table, _checks(table, forward=False))


def _create_unique(name: str, table: str, column: str) -> None:
    where = sa.text(f"{column} IS NOT NULL")
    op.create_index(name, table, [column], unique=True, sqlite_where=where, postgresql_where=where)


def _create_rate_changes() -> None:
    word = sa.Enum("1y", "5y", name="lpr_tenor", native_enum=False, length=40)
    before = sa.Enum("1y", "5y", name="before_lpr_tenor", native_enum=False, length=40)
    op.create_table(
        "loan_rate_change",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("change_number", sa.String(length=20), nullable=False),
        sa.Column("before_rate_ppm", sa.Integer(), nullable=False),
        sa.Column("before_lpr_tenor", before, nullable=True),
        sa.Column("before_lpr_bp", sa.Integer(), nullable=True),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("lpr_tenor", word, nullable=True),
        sa.Column("lpr_bp", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "rate_ppm BETWEEN 0 AND 1000000", name=op.f("ck_loan_rate_change_rate_range")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_loan_rate_change_number_positive")),
        sa.CheckConstraint(
            "(lpr_tenor IS NULL) = (lpr_bp IS NULL)"
            " AND (lpr_tenor IS NULL) = (before_lpr_tenor IS NULL)",
            name=op.f("ck_loan_rate_change_kind_kept"),
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_rate_change_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("loan_id", "number", name=op.f("pk_loan_rate_change")),
        sa.UniqueConstraint("loan_id", "from_on", name=op.f("uq_loan_rate_change_loan_id_from_on")),
    )


# --- CHECKs of tables in use ---


def _checks(table: str, *, forward: bool) -> list[tuple[str, str, str]]:
    """Name of each CHECK that changes, with its condition before and after."""
    found = []
    for (named, column), (words, more) in _WORDS.items():
        if named == table:
            found.append((f"ck_{table}_{column}", _in(column, words), _in(column, (*words, more))))
    if table == "note_rate":
        found.append(("ck_note_rate_reset_has_lpr", _RESET, _RESET_AFTER))
    return found if forward else [(name, after, before) for name, before, after in found]


def _in(column: str, words: Sequence[str]) -> str:
    listed = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({listed})"


def _change_checks(table: str, changes: Sequence[tuple[str, str, str]]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _write_anew(table, changes)
        return
    for name, _before, after in changes:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, sa.text(after))


def _write_anew(table: str, changes: Sequence[tuple[str, str, str]]) -> None:
    """SQLite changes a CHECK by writing the table anew, from its own text, with its indexes."""
    bind = op.get_bind()
    own = sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type = :kind")
    standing = bind.execute(own, {"name": table, "kind": "table"}).scalar_one()
    indexes = bind.execute(own, {"name": table, "kind": "index"}).scalars().all()
    columns, made = standing[standing.index("(") :], f"{table}_anew"
    for name, before, after in changes:
        if f"CHECK ({before})" not in columns:
            raise LookupError(name)
        columns = columns.replace(f"CHECK ({before})", f"CHECK ({after})")
    op.execute(f"CREATE TABLE {made} {columns}")
    names = [each["name"] for each in sa.inspect(bind).get_columns(table)]
    new, old = (sa.table(name, *(sa.column(each) for each in names)) for name in (made, table))
    bind.execute(sa.insert(new).from_select(names, sa.select(old)))
    op.drop_table(table)
    op.rename_table(made, table)
    for each in indexes:
        if each is not None:
            op.execute(each)
