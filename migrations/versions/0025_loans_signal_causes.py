"""Create the causes of warning signals that the system raises, and what its looks read by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"

_TRIGGERS = (
    "overdue",
    "interest-unpaid",
    "class-worse",
    "check-late",
    "cover-low",
    "registration-short",
    "proof-missing",
)


def upgrade() -> None:
    _create_causes()
    op.create_table(
        "signal_look",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("looked_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_signal_look_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("bank_id", name=op.f("pk_signal_look")),
    )
    op.add_column("signal_act", sa.Column("look_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_signal_act_look_id"), "signal_act", ["look_id"], unique=False)
    op.create_index(op.f("ix_loan_note_drawn_on"), "loan_note", ["drawn_on"], unique=False)
    op.create_index("ix_classification_bank", "classification", ["bank_id", "on"], unique=False)
    op.create_index(
        op.f("ix_registration_expires_on"), "registration", ["expires_on"], unique=False
    )


def _create_causes() -> None:
    op.create_table(
        "signal_cause",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column(
            "trigger",
            sa.Enum(*_TRIGGERS, name="trigger", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column(
            "figures",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint("seen_on >= began_on", name=op.f("ck_signal_cause_seen_after_begun")),
        sa.ForeignKeyConstraint(
            ["signal_id"],
            ["warning_signal.id"],
            name=op.f("fk_signal_cause_signal_id_warning_signal"),
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_signal_cause_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_signal_cause_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_cause")),
        sa.UniqueConstraint("signal_id", name=op.f("uq_signal_cause_signal_id")),
    )
    holding = sa.text("ended_on IS NULL")
    op.create_index(
        "uq_signal_cause_holding",
        "signal_cause",
        ["loan_id", "trigger"],
        unique=True,
        sqlite_where=holding,
        postgresql_where=holding,
    )
    op.create_index(
        "ix_signal_cause_bank", "signal_cause", ["bank_id", "trigger", "ended_on"], unique=False
    )
    op.create_index("ix_signal_cause_loan", "signal_cause", ["loan_id", "trigger"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_registration_expires_on"), table_name="registration")
    op.drop_index("ix_classification_bank", table_name="classification")
    op.drop_index(op.f("ix_loan_note_drawn_on"), table_name="loan_note")
    op.drop_index(op.f("ix_signal_act_look_id"), table_name="signal_act")
    op.drop_column("signal_act", "look_id")
    op.drop_table("signal_look")
    op.drop_table("signal_cause")
