"""Add notices to borrowers, their addresses, documents of letters, repeats of a close, an index of next due days."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0020"
down_revision = "0019"

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40, create_constraint=True)


def upgrade() -> None:
    _create_notices()
    op.create_table(
        "notice_contact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("borrower_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("language", _choice("language", ("zh", "en")), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_notice_contact_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["borrower_id"],
            ["organisation.id"],
            name=op.f("fk_notice_contact_borrower_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_contact")),
    )
    op.create_index(
        "ix_notice_contact_of", "notice_contact", ["bank_id", "borrower_id"], unique=False
    )
    with op.batch_alter_table("outbox_mail") as mail:
        mail.add_column(sa.Column("document_id", sa.Uuid(), nullable=True))
        mail.create_foreign_key(
            op.f("fk_outbox_mail_document_id_issued_document"),
            "issued_document",
            ["document_id"],
            ["id"],
        )

    _create_repeats()
    op.create_index(op.f("ix_note_state_next_due_on"), "note_state", ["next_due_on"], unique=False)


def _create_repeats() -> None:
    op.create_table(
        "day_close_repeat",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("close_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("accrued_fen", sa.BigInteger(), nullable=False),
        sa.Column("billed_fen", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "done >= 0 AND failed >= 0 AND done + failed > 0",
            name=op.f("ck_day_close_repeat_counters"),
        ),
        sa.ForeignKeyConstraint(
            ["close_id"], ["day_close.id"], name=op.f("fk_day_close_repeat_close_id_day_close")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_day_close_repeat_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close_repeat")),
    )
    op.create_index(
        op.f("ix_day_close_repeat_close_id"), "day_close_repeat", ["close_id"], unique=False
    )


def _create_notices() -> None:
    op.create_table(
        "loan_notice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("kind", ("due", "overdue", "rate-change")), nullable=False),
        sa.Column("about_on", sa.Date(), nullable=False),
        sa.Column("filed_on", sa.Date(), nullable=False),
        sa.Column(
            "state", _choice("state", ("waiting", "issued", "dropped", "failed")), nullable=False
        ),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("language", _choice("language", ("zh", "en")), nullable=False),
        sa.Column("facts", _JSON, nullable=True),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("message_id", sa.Uuid(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'issued') = (document_id IS NOT NULL)", name=op.f("ck_loan_notice_issued")
        ),
        sa.CheckConstraint(
            "(document_id IS NULL) = (issued_at IS NULL)", name=op.f("ck_loan_notice_issued_at")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_loan_notice_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_notice_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_loan_notice_note_id_loan_note")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["issued_document.id"],
            name=op.f("fk_loan_notice_document_id_issued_document"),
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["notice.id"], name=op.f("fk_loan_notice_message_id_notice")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_notice")),
        sa.UniqueConstraint(
            "note_id", "kind", "about_on", name=op.f("uq_loan_notice_note_id_kind_about_on")
        ),
    )
    op.create_index(op.f("ix_loan_notice_loan_id"), "loan_notice", ["loan_id"], unique=False)
    op.create_index(op.f("ix_loan_notice_message_id"), "loan_notice", ["message_id"], unique=False)
    op.create_index("ix_loan_notice_bank", "loan_notice", ["bank_id", "filed_on"], unique=False)
    op.create_index(
        "ix_loan_notice_waiting",
        "loan_notice",
        ["filed_on"],
        unique=False,
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_note_state_next_due_on"), table_name="note_state")
    op.drop_table("day_close_repeat")
    with op.batch_alter_table("outbox_mail") as mail:
        mail.drop_constraint(op.f("fk_outbox_mail_document_id_issued_document"), type_="foreignkey")
        mail.drop_column("document_id")
    op.drop_table("notice_contact")
    op.drop_table("loan_notice")
