"""Create the tables of post-loan checks and warning signals."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    _create_officers()
    _create_inspections()
    _index_inspections()
    _create_inspection_files()
    _create_signals()
    _create_signal_acts()
    _create_signal_measures()
    _create_signal_files()


def _create_officers() -> None:
    op.create_table(
        "loan_officer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("named_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_officer_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_loan_officer_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_officer")),
        sa.UniqueConstraint("loan_id", "seq", name=op.f("uq_loan_officer_loan_id_seq")),
    )
    op.create_index(op.f("ix_loan_officer_person_id"), "loan_officer", ["person_id"], unique=False)


def _create_inspections() -> None:
    op.create_table(
        "inspection",
        *_task_columns(),
        *_plan_columns(),
        *_report_columns(),
        *_inspection_rules(),
        *_inspection_links(),
    )


def _task_columns() -> list[sa.Column[Any]]:
    """Which check it is, and when it is due."""
    return [
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "first",
                "regular",
                "special",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "planned",
                "draft",
                "submitted",
                "reviewed",
                "dropped",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
    ]


def _plan_columns() -> list[sa.Column[Any]]:
    """Whose it is, and by what its day was planned."""
    return [
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column(
            "loan_class",
            sa.Enum(
                "normal",
                "special-mention",
                "substandard",
                "doubtful",
                "loss",
                name="loan_class",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column(
            "security",
            sa.Enum(
                "pledge",
                "mortgage",
                "guarantee",
                "credit",
                "mixed",
                name="security",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("months", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("ordered_by", sa.Uuid(), nullable=True),
        sa.Column("replaces_id", sa.Uuid(), nullable=True),
        sa.Column("dropped_on", sa.Date(), nullable=True),
        sa.Column("drop_reason", sa.String(length=300), nullable=False),
    ]


def _report_columns() -> list[sa.Column[Any]]:
    """What was found, and by whom it was submitted and reviewed."""
    return [
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=160), nullable=False),
        sa.Column("present", sa.String(length=300), nullable=False),
        sa.Column(
            "findings", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column(
            "conclusion",
            sa.Enum(
                "sound",
                "watch",
                "act",
                name="conclusion",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("summary", sa.String(length=2000), nullable=False),
        sa.Column("next_step", sa.String(length=500), nullable=False),
        sa.Column("inspector_id", sa.Uuid(), nullable=True),
        sa.Column("submitted_by", sa.Uuid(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("drawn_fen", sa.BigInteger(), nullable=True),
        sa.Column("proved_fen", sa.BigInteger(), nullable=True),
        sa.Column("return_reason", sa.String(length=500), nullable=False),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_on", sa.Date(), nullable=True),
        sa.Column("review_note", sa.String(length=500), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _inspection_rules() -> list[sa.CheckConstraint]:
    """What each state asks for."""
    return [
        sa.CheckConstraint(
            "state IN ('planned', 'dropped') OR checked_on IS NOT NULL",
            name=op.f("ck_inspection_recorded"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('submitted', 'reviewed') OR submitted_by IS NOT NULL",
            name=op.f("ck_inspection_submitted"),
        ),
        sa.CheckConstraint(
            "(state = 'reviewed') = (reviewed_by IS NOT NULL)", name=op.f("ck_inspection_reviewed")
        ),
        sa.CheckConstraint(
            "reviewed_by IS NULL OR reviewed_by <> submitted_by",
            name=op.f("ck_inspection_two_people"),
        ),
        sa.CheckConstraint(
            "(state = 'dropped') = (dropped_on IS NOT NULL)", name=op.f("ck_inspection_dropped")
        ),
        sa.CheckConstraint(
            "coalesce(drawn_fen, 0) >= 0 AND coalesce(proved_fen, 0) >= 0",
            name=op.f("ck_inspection_figures"),
        ),
    ]


def _inspection_links() -> list[sa.Constraint]:
    """What a check points at, and what names it."""
    return [
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_inspection_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_inspection_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["officer_id"], ["person.id"], name=op.f("fk_inspection_officer_id_person")
        ),
        sa.ForeignKeyConstraint(
            ["replaces_id"], ["inspection.id"], name=op.f("fk_inspection_replaces_id_inspection")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["issued_document.id"],
            name=op.f("fk_inspection_document_id_issued_document"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection")),
        sa.UniqueConstraint("number", name=op.f("uq_inspection_number")),
    ]


def _index_inspections() -> None:
    task = sa.text("state IN ('planned', 'draft', 'submitted')")
    op.create_index(
        "uq_inspection_task",
        "inspection",
        ["loan_id", "kind", "due_on"],
        unique=True,
        sqlite_where=task,
        postgresql_where=task,
    )
    following = sa.text("state IN ('planned', 'draft', 'submitted') AND kind <> 'special'")
    op.create_index(
        "uq_inspection_next",
        "inspection",
        ["loan_id"],
        unique=True,
        sqlite_where=following,
        postgresql_where=following,
    )
    op.create_index(
        "ix_inspection_bank", "inspection", ["bank_id", "state", "due_on"], unique=False
    )
    op.create_index("ix_inspection_loan", "inspection", ["loan_id", "due_on"], unique=False)
    op.create_index(op.f("ix_inspection_officer_id"), "inspection", ["officer_id"], unique=False)


def _create_inspection_files() -> None:
    op.create_table(
        "inspection_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column(
            "purpose",
            sa.Enum(
                "photo",
                "use-of-funds",
                "other",
                name="purpose",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=True),
        sa.Column("payee", sa.String(length=160), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint(
            "(purpose = 'use-of-funds') = (amount_fen IS NOT NULL)",
            name=op.f("ck_inspection_file_amount_of_proof"),
        ),
        sa.CheckConstraint(
            "amount_fen IS NULL OR amount_fen > 0", name=op.f("ck_inspection_file_amount_positive")
        ),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_reason = '')",
            name=op.f("ck_inspection_file_withdrawn_with_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id"],
            ["inspection.id"],
            name=op.f("fk_inspection_file_inspection_id_inspection"),
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_inspection_file_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_inspection_file_document_id_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspection_file")),
        sa.UniqueConstraint(
            "inspection_id",
            "document_id",
            name=op.f("uq_inspection_file_inspection_id_document_id"),
        ),
    )
    op.create_index(
        op.f("ix_inspection_file_loan_id"), "inspection_file", ["loan_id"], unique=False
    )


def _create_signals() -> None:
    op.create_table(
        "warning_signal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("inspection_id", sa.Uuid(), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "handling",
                "resolved",
                "dismissed",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("description", sa.String(length=2000), nullable=False),
        sa.Column("raised_on", sa.Date(), nullable=False),
        sa.Column("raised_by", sa.Uuid(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closing_note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('resolved', 'dismissed')) = (closed_on IS NOT NULL)",
            name=op.f("ck_warning_signal_closed"),
        ),
        sa.CheckConstraint(
            "state <> 'dismissed' OR closed_by <> raised_by",
            name=op.f("ck_warning_signal_two_people"),
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_warning_signal_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_warning_signal_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["inspection_id"],
            ["inspection.id"],
            name=op.f("fk_warning_signal_inspection_id_inspection"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning_signal")),
        sa.UniqueConstraint("number", name=op.f("uq_warning_signal_number")),
    )
    op.create_index("ix_warning_signal_bank", "warning_signal", ["bank_id", "state"], unique=False)
    op.create_index(op.f("ix_warning_signal_loan_id"), "warning_signal", ["loan_id"], unique=False)
    op.create_index(
        op.f("ix_warning_signal_inspection_id"), "warning_signal", ["inspection_id"], unique=False
    )


def _create_signal_acts() -> None:
    op.create_table(
        "signal_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["signal_id"],
            ["warning_signal.id"],
            name=op.f("fk_signal_act_signal_id_warning_signal"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_act")),
        sa.UniqueConstraint("signal_id", "seq", name=op.f("uq_signal_act_signal_id_seq")),
    )


def _create_signal_measures() -> None:
    op.create_table(
        "signal_measure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("task", sa.String(length=500), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("done_note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(done_on IS NULL) = (done_by IS NULL)", name=op.f("ck_signal_measure_done")
        ),
        sa.ForeignKeyConstraint(
            ["signal_id"],
            ["warning_signal.id"],
            name=op.f("fk_signal_measure_signal_id_warning_signal"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_signal_measure_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_measure")),
        sa.UniqueConstraint("signal_id", "seq", name=op.f("uq_signal_measure_signal_id_seq")),
    )
    op.create_index(
        "ix_signal_measure_person", "signal_measure", ["person_id", "done_on"], unique=False
    )


def _create_signal_files() -> None:
    op.create_table(
        "signal_file",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signal_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["signal_id"],
            ["warning_signal.id"],
            name=op.f("fk_signal_file_signal_id_warning_signal"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_signal_file_document_id_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signal_file")),
        sa.UniqueConstraint(
            "signal_id", "document_id", name=op.f("uq_signal_file_signal_id_document_id")
        ),
    )


def downgrade() -> None:
    for table in (
        "signal_file",
        "signal_measure",
        "signal_act",
        "warning_signal",
        "inspection_file",
        "inspection",
        "loan_officer",
    ):
        op.drop_table(table)
