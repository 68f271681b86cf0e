"""Add the accounts of a bank's ledger: pledges in the memorandum, entries by hand, closed periods."""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

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
)
_PLEDGED = "memo-pledged"
_KINDS = (
    "drawdown",
    "accrual",
    "repayment",
    "reversal",
    "non-accrual",
    "write-off",
    "recovery",
)
_MORE_KINDS = ("fee", "refund", "pledge")
_LISTED = {
    "ix_loan_posting_listed": ["bank_id", "booked_on", "id"],
    "ix_loan_posting_kind": ["bank_id", "kind", "booked_on", "id"],
}
_APART = "(substr(debit, 1, 5) = 'memo-') = (substr(credit, 1, 5) = 'memo-')"


def upgrade() -> None:
    _change_journal(
        (*_ACCOUNTS, _PLEDGED),
        (*_KINDS, *_MORE_KINDS),
        index=["bank_id", "booked_on", "debit", "credit", "amount_fen"],
        apart=True,
    )
    for name, columns in _LISTED.items():
        op.create_index(name, "loan_posting", columns, unique=False)
    _create_entries()
    _index_entries()
    _create_periods()
    _take_pledges_in()


def downgrade() -> None:
    """Fees, refunds and recoveries have no place in the journal before: with any booked the CHECK refuses."""
    op.drop_table("ledger_period_total")
    op.drop_table("ledger_period")
    op.drop_table("manual_entry")
    op.execute("DELETE FROM loan_posting WHERE kind = 'pledge'")
    for name in _LISTED:
        op.drop_index(name, table_name="loan_posting")
    _change_journal(
        _ACCOUNTS,
        _KINDS,
        index=["bank_id", "booked_on"],
        apart=False,
    )


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40, create_constraint=True)


def _change_journal(
    accounts: tuple[str, ...], kinds: tuple[str, ...], *, index: list[str], apart: bool
) -> None:
    op.drop_index("ix_loan_posting_bank", table_name="loan_posting")
    if op.get_bind().dialect.name == "sqlite":
        _write_anew(accounts, kinds, apart=apart)
    else:
        _change_checks(accounts, kinds, apart=apart)
    op.create_index("ix_loan_posting_bank", "loan_posting", index, unique=False)


def _change_checks(accounts: tuple[str, ...], kinds: tuple[str, ...], *, apart: bool) -> None:
    for name, values in (("debit", accounts), ("credit", accounts), ("kind", kinds)):
        listed = ", ".join(f"'{value}'" for value in values)
        op.drop_constraint(op.f(f"ck_loan_posting_{name}"), "loan_posting", type_="check")
        op.create_check_constraint(
            op.f(f"ck_loan_posting_{name}"), "loan_posting", sa.text(f"{name} IN ({listed})")
        )
    if apart:
        op.create_check_constraint(
            op.f("ck_loan_posting_memo_apart"), "loan_posting", sa.text(_APART)
        )
    else:
        op.drop_constraint(op.f("ck_loan_posting_memo_apart"), "loan_posting", type_="check")


def _write_anew(accounts: tuple[str, ...], kinds: tuple[str, ...], *, apart: bool) -> None:
    """SQLite changes a CHECK by writing the table anew; nothing refers to the journal."""
    made = _journal(accounts, kinds, apart=apart)
    made.create(op.get_bind())
    standing = sa.table("loan_posting", *(sa.column(each.name) for each in made.columns))
    names = [each.name for each in made.columns]
    op.get_bind().execute(sa.insert(made).from_select(names, sa.select(standing)))
    op.drop_table("loan_posting")
    op.rename_table(made.name, "loan_posting")
    op.create_index("ix_loan_posting_loan", "loan_posting", ["loan_id", "booked_on", "id"])
    op.create_index(
        "uq_loan_posting_reverses",
        "loan_posting",
        ["reverses_id", "seq"],
        unique=True,
        sqlite_where=sa.text("reverses_id IS NOT NULL"),
    )


def _journal(accounts: tuple[str, ...], kinds: tuple[str, ...], *, apart: bool) -> sa.Table:
    """The journal under another name, with the names of its constraints."""
    metadata = sa.MetaData()
    for name in ("organisation", "loan", "loan_note"):
        sa.Table(name, metadata, sa.Column("id", sa.Uuid(), primary_key=True))
    checks = [sa.CheckConstraint(_APART, name="ck_loan_posting_memo_apart")] if apart else []
    return sa.Table(
        "loan_posting_anew",
        metadata,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.Column("debit", _choice("ck_loan_posting_debit", accounts), nullable=False),
        sa.Column("credit", _choice("ck_loan_posting_credit", accounts), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("kind", _choice("ck_loan_posting_kind", kinds), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name="ck_loan_posting_amount_positive"),
        sa.CheckConstraint("debit <> credit", name="ck_loan_posting_two_accounts"),
        *checks,
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name="fk_loan_posting_bank_id_organisation"
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_loan_posting_loan_id_loan"),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name="fk_loan_posting_note_id_loan_note"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_loan_posting"),
        sa.UniqueConstraint("entry_id", "seq", name="uq_loan_posting_entry_id_seq"),
    )


def _create_entries() -> None:
    op.create_table(
        "manual_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", _choice("kind", ("fee", "refund", "recovery", "reversal")), nullable=False
        ),
        sa.Column("state", _choice("state", ("proposed", "booked", "refused")), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("suspense_fen", sa.BigInteger(), nullable=False),
        sa.Column("party", sa.String(length=160), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("maker_id", sa.Uuid(), nullable=False),
        sa.Column("checker_id", sa.Uuid(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_manual_entry_amount_positive")),
        sa.CheckConstraint(
            "fee_fen >= 0 AND principal_fen >= 0 AND interest_fen >= 0 AND suspense_fen >= 0 AND"
            " fee_fen + principal_fen + interest_fen + suspense_fen IN (0, amount_fen)",
            name=op.f("ck_manual_entry_parts_sum"),
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reverses_id IS NOT NULL)",
            name=op.f("ck_manual_entry_reversal_names"),
        ),
        sa.CheckConstraint(
            "(state = 'booked') = (entry_id IS NOT NULL)",
            name=op.f("ck_manual_entry_booked_complete"),
        ),
        sa.CheckConstraint(
            "checker_id IS NULL OR checker_id <> maker_id",
            name=op.f("ck_manual_entry_two_persons"),
        ),
        sa.CheckConstraint(
            "state = 'proposed' OR kind = 'recovery' OR checker_id IS NOT NULL",
            name=op.f("ck_manual_entry_checked"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_manual_entry_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_manual_entry_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["reverses_id"],
            ["manual_entry.id"],
            name=op.f("fk_manual_entry_reverses_id_manual_entry"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_manual_entry")),
        sa.UniqueConstraint("number", name=op.f("uq_manual_entry_number")),
    )


def _index_entries() -> None:
    op.create_index("ix_manual_entry_bank", "manual_entry", ["bank_id", "state"], unique=False)
    op.create_index(op.f("ix_manual_entry_loan_id"), "manual_entry", ["loan_id"], unique=False)
    where = sa.text("reverses_id IS NOT NULL AND state <> 'refused'")
    op.create_index(
        "uq_manual_entry_reverses",
        "manual_entry",
        ["reverses_id"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _create_periods() -> None:
    op.create_table(
        "ledger_period",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("postings", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_ledger_period_days_ascend")),
        sa.CheckConstraint(
            "postings >= 0 AND amount_fen >= 0",
            name=op.f("ck_ledger_period_figures_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_ledger_period_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_period")),
        sa.UniqueConstraint("bank_id", "ends_on", name=op.f("uq_ledger_period_bank_id_ends_on")),
    )
    accounts = (*_ACCOUNTS, _PLEDGED)
    op.create_table(
        "ledger_period_total",
        sa.Column("period_id", sa.Uuid(), nullable=False),
        sa.Column("debit", _choice("debit", accounts), nullable=False),
        sa.Column("credit", _choice("credit", accounts), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_ledger_period_total_two_accounts")),
        sa.CheckConstraint(
            "before_fen >= 0 AND amount_fen >= 0",
            name=op.f("ck_ledger_period_total_figures_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["period_id"],
            ["ledger_period.id"],
            name=op.f("fk_ledger_period_total_period_id_ledger_period"),
        ),
        sa.PrimaryKeyConstraint(
            "period_id", "debit", "credit", name=op.f("pk_ledger_period_total")
        ),
    )


def _take_pledges_in() -> None:
    """Registered pledges stand in the memorandum from the open day of their bank on."""
    bind = op.get_bind()
    uuid_type, day = sa.Uuid(), sa.Date()
    standing = sa.text(
        "SELECT p.bank_id, p.loan_id, p.number, p.secured_fen,"
        " coalesce(d.open_on, p.contracted_on) AS booked_on FROM pledge p"
        " LEFT JOIN bank_day d ON d.bank_id = p.bank_id WHERE p.state = 'registered'"
    ).columns(bank_id=uuid_type, loan_id=uuid_type, secured_fen=sa.BigInteger(), booked_on=day)
    journal = _journal((*_ACCOUNTS, _PLEDGED), (*_KINDS, *_MORE_KINDS), apart=True)
    journal.name = "loan_posting"
    for row in bind.execute(standing).all():
        bind.execute(
            sa.insert(journal).values(
                id=uuid.uuid4(),
                entry_id=uuid.uuid4(),
                seq=1,
                bank_id=row.bank_id,
                loan_id=row.loan_id,
                debit=_PLEDGED,
                credit="memo-contra",
                amount_fen=row.secured_fen,
                booked_on=row.booked_on,
                value_on=row.booked_on,
                kind="pledge",
                text=row.number,
            )
        )
