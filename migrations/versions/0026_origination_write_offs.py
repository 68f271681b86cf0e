"""Create the write-offs of loans."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"

_STATES = ("proposed", "approved", "carried-out", "refused", "withdrawn")
_GROUNDS = ("bankruptcy", "enforcement", "collection")


def _word(name: str, words: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*words, name=name, native_enum=False, length=40, create_constraint=True)


def _checks() -> tuple[sa.CheckConstraint, ...]:
    return (
        sa.CheckConstraint(
            "principal_fen >= 0 AND interest_fen >= 0 AND repayments >= 0",
            name=op.f("ck_loan_write_off_owed"),
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> proposed_by_id",
            name=op.f("ck_loan_write_off_duties_apart"),
        ),
        sa.CheckConstraint(
            "carried_out_by_id IS NULL OR carried_out_by_id <> decided_by_id",
            name=op.f("ck_loan_write_off_carried_out_apart"),
        ),
        sa.CheckConstraint(
            "(state = 'carried-out') = (carried_out_on IS NOT NULL)",
            name=op.f("ck_loan_write_off_carried_out_day"),
        ),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (decided_on IS NULL)",
            name=op.f("ck_loan_write_off_decided_day"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_on IS NOT NULL)"
            " AND (withdrawn_on IS NULL) = (withdrawn_by_id IS NULL)",
            name=op.f("ck_loan_write_off_withdrawn_day"),
        ),
    )


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
    op.create_table(
        "loan_write_off",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("state", _word("state", _STATES), nullable=False),
        sa.Column("ground", _word("ground", _GROUNDS), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("evidence", sa.String(length=1000), nullable=False),
        sa.Column("security_note", sa.String(length=500), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("repayments", sa.Integer(), nullable=False),
        sa.Column("checks", json, nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("carried_out_by_id", sa.Uuid(), nullable=True),
        sa.Column("carried_out_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_note", sa.String(length=500), nullable=False),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_checks(),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_loan_write_off_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_write_off_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_write_off")),
        sa.UniqueConstraint("number", name=op.f("uq_loan_write_off_number")),
    )
    op.create_index(op.f("ix_loan_write_off_bank_id"), "loan_write_off", ["bank_id"], unique=False)
    op.create_index(op.f("ix_loan_write_off_loan_id"), "loan_write_off", ["loan_id"], unique=False)
    standing = sa.text("state IN ('proposed', 'approved', 'carried-out')")
    op.create_index(
        "uq_loan_write_off_standing",
        "loan_write_off",
        ["loan_id"],
        unique=True,
        sqlite_where=standing,
        postgresql_where=standing,
    )


def downgrade() -> None:
    op.drop_table("loan_write_off")
