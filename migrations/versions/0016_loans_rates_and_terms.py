"""Add floating rates, rates by day, misuse, and the terms of due days to loans and applications."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _add_terms()
    op.add_column("note_state", sa.Column("next_reset_on", sa.Date(), nullable=True))
    for name, kind in _PROPOSED:
        op.add_column("application", sa.Column(name, kind, nullable=True))
    _create_rates()
    _create_misuse()
    op.execute(
        "INSERT INTO note_rate (note_id, number, from_on, rate_ppm, reason)"
        " SELECT id, 1, drawn_on, rate_ppm, 'drawdown' FROM loan_note"
    )


def downgrade() -> None:
    op.drop_table("note_misuse")
    op.drop_table("note_rate")
    for name, _kind in reversed(_PROPOSED):
        op.drop_column("application", name)
    op.drop_column("note_state", "next_reset_on")
    for name in reversed(_TERMS):
        op.drop_column("loan", name)


_WORD = sa.String(length=40)
_PROPOSED = (
    ("lpr_tenor", _WORD),
    ("lpr_bp", sa.Integer()),
    ("reset_rule", _WORD),
    ("grace_principal", sa.Integer()),
)
_TERMS = (
    "lpr_tenor", "lpr_bp", "reset_rule", "lpr_lag_days", "misuse_ppm", "grace_principal",
    "month_end", "odd_days", "roll", "moved_days",
)  # fmt: skip


def _add_terms() -> None:
    op.add_column("loan", sa.Column("lpr_tenor", _WORD, nullable=True))
    op.add_column("loan", sa.Column("lpr_bp", sa.Integer(), nullable=True))
    op.add_column("loan", sa.Column("reset_rule", _WORD, nullable=True))
    op.add_column("loan", sa.Column("lpr_lag_days", sa.Integer(), nullable=True))
    op.add_column("loan", sa.Column("misuse_ppm", sa.Integer(), nullable=True))
    op.add_column(
        "loan", sa.Column("grace_principal", sa.Integer(), nullable=False, server_default="0")
    )
    for name, default in (("month_end", "clamp"), ("odd_days", "with-first"), ("roll", "none")):
        op.add_column("loan", sa.Column(name, _WORD, nullable=False, server_default=default))
    op.add_column("loan", sa.Column("moved_days", _JSON, nullable=True))


def _create_rates() -> None:
    op.create_table(
        "note_rate",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "drawdown",
                "reset",
                name="reason",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("lpr_on", sa.Date(), nullable=True),
        sa.Column("lpr_ppm", sa.Integer(), nullable=True),
        sa.CheckConstraint("rate_ppm BETWEEN 0 AND 1000000", name=op.f("ck_note_rate_rate_range")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_note_rate_number_positive")),
        sa.CheckConstraint(
            "(lpr_on IS NULL) = (lpr_ppm IS NULL)", name=op.f("ck_note_rate_lpr_complete")
        ),
        sa.CheckConstraint(
            "reason = 'drawdown' OR lpr_on IS NOT NULL", name=op.f("ck_note_rate_reset_has_lpr")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_note_rate_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("note_id", "number", name=op.f("pk_note_rate")),
        sa.UniqueConstraint("note_id", "from_on", name=op.f("uq_note_rate_note_id_from_on")),
    )


def _create_misuse() -> None:
    op.create_table(
        "note_misuse",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount_fen BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_note_misuse_amount_range"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_note_misuse_number_positive")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_note_misuse_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_note_misuse_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_misuse")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_note_misuse_note_id_number")),
    )
    op.create_index(op.f("ix_note_misuse_loan_id"), "note_misuse", ["loan_id"], unique=False)
