"""Add what repayments are booked again from: orders, corrections, quotes and batches of files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

_MAX_FEN = 10**15


def upgrade() -> None:
    op.add_column("note_plan", sa.Column("repayment_id", sa.Uuid(), nullable=True))
    op.add_column("note_plan", sa.Column("repeats", sa.Integer(), nullable=True))
    op.add_column("repayment_line", sa.Column("place", sa.Integer(), nullable=True))
    op.add_column("repayment_line", sa.Column("owed_fen", sa.BigInteger(), nullable=True))
    _create_quotes()
    _create_orders()
    _create_corrections()
    _create_batches()
    _take_orders_in()


def downgrade() -> None:
    op.drop_table("repayment_batch_row")
    op.drop_table("repayment_batch")
    op.drop_table("due_change")
    op.drop_table("accrual_correction")
    op.drop_table("repayment_order")
    op.drop_table("repayment_quote")
    op.drop_column("repayment_line", "owed_fen")
    op.drop_column("repayment_line", "place")
    op.drop_column("note_plan", "repeats")
    op.drop_column("note_plan", "repayment_id")


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40, create_constraint=True)


def _json() -> sa.types.TypeEngine[object]:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _create_quotes() -> None:
    op.create_table(
        "repayment_quote",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("kind", "prepayment", "payoff"), nullable=False),
        sa.Column("keep", _choice("keep", "tenor", "instalment"), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("quoted_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("days", _json(), nullable=False),
        sa.Column("plans", _json(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quoted_on <= valid_until", name=op.f("ck_repayment_quote_days_ascend")),
        sa.CheckConstraint("principal_fen > 0", name=op.f("ck_repayment_quote_principal_positive")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_repayment_quote_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_repayment_quote_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayment_quote")),
        sa.UniqueConstraint("number", name=op.f("uq_repayment_quote_number")),
    )
    op.create_index("ix_repayment_quote_loan", "repayment_quote", ["loan_id", "quoted_on"])


def _create_orders() -> None:
    op.create_table(
        "repayment_order",
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("prepay", sa.Boolean(), nullable=False),
        sa.Column("keep", _choice("keep", "tenor", "instalment"), nullable=True),
        sa.Column("early_fen", sa.BigInteger(), nullable=True),
        sa.Column("quote_id", sa.Uuid(), nullable=True),
        sa.Column("replays_id", sa.Uuid(), nullable=True),
        sa.Column("cause_id", sa.Uuid(), nullable=True),
        sa.Column("waterfall", sa.String(length=60), nullable=False),
        sa.CheckConstraint(
            f"early_fen BETWEEN 0 AND {_MAX_FEN}", name=op.f("ck_repayment_order_early_range")
        ),
        sa.ForeignKeyConstraint(
            ["cause_id"], ["repayment.id"], name=op.f("fk_repayment_order_cause_id_repayment")
        ),
        sa.ForeignKeyConstraint(
            ["quote_id"],
            ["repayment_quote.id"],
            name=op.f("fk_repayment_order_quote_id_repayment_quote"),
        ),
        sa.ForeignKeyConstraint(
            ["repayment_id"],
            ["repayment.id"],
            name=op.f("fk_repayment_order_repayment_id_repayment"),
        ),
        sa.ForeignKeyConstraint(
            ["replays_id"], ["repayment.id"], name=op.f("fk_repayment_order_replays_id_repayment")
        ),
        sa.PrimaryKeyConstraint("repayment_id", name=op.f("pk_repayment_order")),
    )
    for name in ("quote_id", "replays_id", "cause_id"):
        op.create_index(op.f(f"ix_repayment_order_{name}"), "repayment_order", [name])


def _create_corrections() -> None:
    op.create_table(
        "accrual_correction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("kind", "interest", "penalty", "compound"), nullable=False),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("off_balance", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_fen <> 0", name=op.f("ck_accrual_correction_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_accrual_correction_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_accrual_correction_note_id_loan_note")
        ),
        sa.ForeignKeyConstraint(
            ["repayment_id"],
            ["repayment.id"],
            name=op.f("fk_accrual_correction_repayment_id_repayment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accrual_correction")),
    )
    op.create_index(op.f("ix_accrual_correction_loan_id"), "accrual_correction", ["loan_id"])
    op.create_index("ix_accrual_correction_note", "accrual_correction", ["note_id", "booked_on"])
    op.create_table(
        "due_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("due_id", sa.Uuid(), nullable=False),
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["due_id"], ["loan_due.id"], name=op.f("fk_due_change_due_id_loan_due")
        ),
        sa.ForeignKeyConstraint(
            ["repayment_id"], ["repayment.id"], name=op.f("fk_due_change_repayment_id_repayment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_change")),
    )
    for name in ("due_id", "repayment_id"):
        op.create_index(op.f(f"ix_due_change_{name}"), "due_change", [name])


def _create_batches() -> None:
    op.create_table(
        "repayment_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("state", _choice("state", "waiting", "finished"), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("booked", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_fen", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "booked >= 0 AND refused >= 0 AND booked + refused <= total",
            name=op.f("ck_repayment_batch_counters"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_repayment_batch_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayment_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_repayment_batch_number")),
    )
    op.create_index("ix_repayment_batch_state", "repayment_batch", ["state"])
    op.create_table(
        "repayment_batch_row",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("loan_number", sa.String(length=60), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("value_on", sa.Date(), nullable=True),
        sa.Column("prepay", sa.Boolean(), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payer", sa.String(length=160), nullable=False),
        sa.Column(
            "state", _choice("state", "waiting", "booked", "known", "refused"), nullable=False
        ),
        sa.Column("repayment_id", sa.Uuid(), nullable=True),
        sa.Column("problems", _json(), nullable=False),
        sa.CheckConstraint(
            "(state = 'booked') = (repayment_id IS NOT NULL)",
            name=op.f("ck_repayment_batch_row_booked_complete"),
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["repayment_batch.id"],
            name=op.f("fk_repayment_batch_row_batch_id_repayment_batch"),
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_repayment_batch_row_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["repayment_id"],
            ["repayment.id"],
            name=op.f("fk_repayment_batch_row_repayment_id_repayment"),
        ),
        sa.PrimaryKeyConstraint("batch_id", "line", name=op.f("pk_repayment_batch_row")),
    )


def _take_orders_in() -> None:
    """Repayments on file get their order: whoever repaid principal before its day asked to."""
    op.execute(
        "INSERT INTO repayment_order (repayment_id, prepay, waterfall)"
        " SELECT r.id, EXISTS (SELECT 1 FROM repayment_line l WHERE l.repayment_id = r.id"
        " AND l.due_id IS NULL AND l.claim IN ('principal', 'interest')), ''"
        " FROM repayment r WHERE r.reverses_id IS NULL"
    )
    op.execute(
        "UPDATE note_plan SET repayment_id = (SELECT r.id FROM repayment r"
        " WHERE r.number = note_plan.reason AND r.reverses_id IS NULL) WHERE reason <> ''"
    )
