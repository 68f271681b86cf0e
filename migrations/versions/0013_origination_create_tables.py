"""Create the tables of the origination room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "product",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("title_zh", sa.String(length=80), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column(
            "terms", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_product_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("bank_id", "code", name=op.f("pk_product")),
    )
    op.create_table(
        "application",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("borrower_id", sa.Uuid(), nullable=False),
        sa.Column("product", sa.String(length=40), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("catalogue_edition", sa.String(length=10), nullable=True),
        sa.Column("catalogue_code", sa.String(length=20), nullable=True),
        sa.Column("green_evidence", sa.String(length=500), nullable=False),
        sa.Column("repayment_source", sa.String(length=500), nullable=False),
        sa.Column("credit_consent", sa.Boolean(), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=True),
        sa.Column("method", sa.String(length=40), nullable=False),
        sa.Column("financial_difficulty", sa.Boolean(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "submitted",
                "investigating",
                "half-investigated",
                "investigated",
                "reviewed",
                "approved",
                "contracted",
                "returned",
                "rejected",
                "withdrawn",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("officer_id", sa.Uuid(), nullable=True),
        sa.Column("approved_fen", sa.BigInteger(), nullable=True),
        sa.Column("approved_until", sa.Date(), nullable=True),
        sa.Column("conditions", sa.String(length=1000), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("created_by_id", sa.Uuid(), nullable=False),
        sa.Column("created_for_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_application_amount_positive")),
        sa.CheckConstraint("term_months BETWEEN 1 AND 600", name=op.f("ck_application_term_range")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_application_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["borrower_id"],
            ["organisation.id"],
            name=op.f("fk_application_borrower_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["created_for_id"],
            ["organisation.id"],
            name=op.f("fk_application_created_for_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_application_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application")),
        sa.UniqueConstraint("number", name=op.f("uq_application_number")),
    )
    op.create_index(op.f("ix_application_bank_id"), "application", ["bank_id"], unique=False)
    op.create_index(
        op.f("ix_application_borrower_id"), "application", ["borrower_id"], unique=False
    )
    op.create_table(
        "application_act",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column(
            "event",
            sa.Enum(
                "submit",
                "accept",
                "sign",
                "countersign",
                "pass",
                "approve",
                "reject",
                "return",
                "contract",
                "withdraw",
                name="event",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "before",
            sa.Enum(
                "draft",
                "submitted",
                "investigating",
                "half-investigated",
                "investigated",
                "reviewed",
                "approved",
                "contracted",
                "returned",
                "rejected",
                "withdrawn",
                name="before",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "after",
            sa.Enum(
                "draft",
                "submitted",
                "investigating",
                "half-investigated",
                "investigated",
                "reviewed",
                "approved",
                "contracted",
                "returned",
                "rejected",
                "withdrawn",
                name="after",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("opinion", sa.String(length=2000), nullable=False),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_act_application_id_application"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_act")),
        sa.UniqueConstraint(
            "application_id", "seq", name=op.f("uq_application_act_application_id_seq")
        ),
    )
    op.create_index(
        op.f("ix_application_act_application_id"),
        "application_act",
        ["application_id"],
        unique=False,
    )
    op.create_table(
        "application_document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("added_by_id", sa.Uuid(), nullable=False),
        sa.Column("added_for_id", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_for_id"],
            ["organisation.id"],
            name=op.f("fk_application_document_added_for_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_document_application_id_application"),
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["document.id"],
            name=op.f("fk_application_document_document_id_document"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_document")),
        sa.UniqueConstraint(
            "application_id",
            "document_id",
            name=op.f("uq_application_document_application_id_document_id"),
        ),
    )
    op.create_index(
        op.f("ix_application_document_application_id"),
        "application_document",
        ["application_id"],
        unique=False,
    )
    op.create_table(
        "application_guarantee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("guarantor_id", sa.Uuid(), nullable=False),
        sa.Column("covered_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "covered_fen > 0", name=op.f("ck_application_guarantee_covered_positive")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_guarantee_application_id_application"),
        ),
        sa.ForeignKeyConstraint(
            ["guarantor_id"],
            ["organisation.id"],
            name=op.f("fk_application_guarantee_guarantor_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_guarantee")),
    )
    op.create_index(
        op.f("ix_application_guarantee_application_id"),
        "application_guarantee",
        ["application_id"],
        unique=False,
    )
    op.create_table(
        "application_pool_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column(
            "security",
            sa.Enum(
                "mortgage",
                "pledge",
                name="security",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("secured_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "secured_fen > 0", name=op.f("ck_application_pool_line_secured_positive")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_application_pool_line_application_id_application"),
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_application_pool_line_asset_id_asset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_application_pool_line")),
        sa.UniqueConstraint(
            "application_id",
            "asset_id",
            name=op.f("uq_application_pool_line_application_id_asset_id"),
        ),
    )
    op.create_index(
        op.f("ix_application_pool_line_application_id"),
        "application_pool_line",
        ["application_id"],
        unique=False,
    )
    op.create_table(
        "drawdown",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("payee", sa.String(length=120), nullable=False),
        sa.Column(
            "payment",
            sa.Enum(
                "entrusted",
                "self",
                name="payment",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "checked",
                "posted",
                "refused",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("checked_by_id", sa.Uuid(), nullable=True),
        sa.Column("posted_by_id", sa.Uuid(), nullable=True),
        sa.Column("conditions_evidence", sa.String(length=1000), nullable=False),
        sa.Column("search_number", sa.String(length=60), nullable=False),
        sa.Column("searched_on", sa.Date(), nullable=True),
        sa.Column(
            "checks", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'posted') = (note_id IS NOT NULL)", name=op.f("ck_drawdown_posted_has_note")
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_drawdown_amount_positive")),
        sa.CheckConstraint(
            "checked_by_id IS NULL OR checked_by_id <> requested_by_id",
            name=op.f("ck_drawdown_duties_apart"),
        ),
        sa.CheckConstraint(
            "posted_by_id IS NULL OR (posted_by_id <> checked_by_id AND posted_by_id <> requested_by_id)",
            name=op.f("ck_drawdown_posting_apart"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_drawdown_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_drawdown_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_drawdown_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drawdown")),
        sa.UniqueConstraint("number", name=op.f("uq_drawdown_number")),
    )
    op.create_index(op.f("ix_drawdown_bank_id"), "drawdown", ["bank_id"], unique=False)
    op.create_index(op.f("ix_drawdown_loan_id"), "drawdown", ["loan_id"], unique=False)
    op.create_index(
        "uq_drawdown_waiting_loan",
        "drawdown",
        ["loan_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('requested', 'checked')"),
        postgresql_where=sa.text("state IN ('requested', 'checked')"),
    )


def downgrade() -> None:
    op.drop_table("drawdown")
    op.drop_table("application_pool_line")
    op.drop_table("application_guarantee")
    op.drop_table("application_document")
    op.drop_table("application_act")
    op.drop_table("application")
    op.drop_table("product")
