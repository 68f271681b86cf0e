"""Create the tables of the loans room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "bank_day",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("open_on", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_bank_day_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("bank_id", name=op.f("pk_bank_day")),
    )
    op.create_table(
        "day_close",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "running",
                "finished",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("accrued_fen", sa.BigInteger(), nullable=False),
        sa.Column("billed_fen", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "done >= 0 AND failed >= 0 AND done + failed <= total",
            name=op.f("ck_day_close_counters"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_day_close_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close")),
        sa.UniqueConstraint("bank_id", "on", name=op.f("uq_day_close_bank_id_on")),
    )
    op.create_index(op.f("ix_day_close_state"), "day_close", ["state"], unique=False)
    op.create_table(
        "loan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("borrower_id", sa.Uuid(), nullable=True),
        sa.Column("borrower_name", sa.String(length=160), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("product", sa.String(length=60), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("contract_fen", sa.BigInteger(), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("penalty_ppm", sa.Integer(), nullable=False),
        sa.Column(
            "method",
            sa.Enum(
                "equal-instalment",
                "equal-principal",
                "bullet",
                "bullet-all",
                "plan",
                name="method",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("every", sa.String(length=6), nullable=False),
        sa.Column(
            "day_count",
            sa.Enum(
                "30/360",
                "30e/360",
                "act/360",
                "act/365",
                "act/act",
                name="day_count",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "interest_style",
            sa.Enum(
                "schedule",
                "quarterly",
                name="interest_style",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("matures_on", sa.Date(), nullable=True),
        sa.Column("first_due_on", sa.Date(), nullable=True),
        sa.Column("plan", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column("green", sa.Boolean(), nullable=False),
        sa.Column("catalogue_edition", sa.String(length=20), nullable=False),
        sa.Column("catalogue_code", sa.String(length=20), nullable=False),
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
        sa.Column("warning_ppm", sa.Integer(), nullable=True),
        sa.Column("top_up_ppm", sa.Integer(), nullable=True),
        sa.Column("disposal_ppm", sa.Integer(), nullable=True),
        sa.Column("cure_ppm", sa.Integer(), nullable=True),
        sa.Column("cure_days", sa.Integer(), nullable=True),
        sa.Column(
            "ltv_basis",
            sa.Enum(
                "principal",
                "exposure",
                name="ltv_basis",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "kept",
            sa.Enum(
                "serviced",
                "mirrored",
                name="kept",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "signed",
                "performing",
                "overdue",
                "settled",
                "released",
                "written-off",
                "cancelled",
                "mirrored",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("extended_from_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kept = 'mirrored') = (state = 'mirrored')", name=op.f("ck_loan_mirrored_state")
        ),
        sa.CheckConstraint(
            "NOT published OR kept = 'mirrored'", name=op.f("ck_loan_published_mirrored")
        ),
        sa.CheckConstraint(
            "kept = 'mirrored' OR borrower_id IS NOT NULL", name=op.f("ck_loan_serviced_complete")
        ),
        sa.CheckConstraint(
            "contract_fen BETWEEN 0 AND 1000000000000000", name=op.f("ck_loan_contract_range")
        ),
        sa.CheckConstraint("penalty_ppm BETWEEN 0 AND 1000000", name=op.f("ck_loan_penalty_range")),
        sa.CheckConstraint("rate_ppm BETWEEN 0 AND 1000000", name=op.f("ck_loan_rate_range")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_loan_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["borrower_id"], ["organisation.id"], name=op.f("fk_loan_borrower_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan")),
        sa.UniqueConstraint("bank_id", "number", name=op.f("uq_loan_bank_id_number")),
    )
    op.create_index(op.f("ix_loan_application_id"), "loan", ["application_id"], unique=False)
    op.create_index("ix_loan_bank_state", "loan", ["bank_id", "state"], unique=False)
    op.create_index(op.f("ix_loan_borrower_id"), "loan", ["borrower_id"], unique=False)
    op.create_index(op.f("ix_loan_number"), "loan", ["number"], unique=False)
    op.create_index(op.f("ix_loan_region_code"), "loan", ["region_code"], unique=False)
    op.create_table(
        "classification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
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
            nullable=False,
        ),
        sa.Column(
            "own_class",
            sa.Enum(
                "normal",
                "special-mention",
                "substandard",
                "doubtful",
                "loss",
                name="own_class",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("overdue_days", sa.Integer(), nullable=False),
        sa.Column(
            "reasons", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_classification_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_classification_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classification")),
        sa.UniqueConstraint("loan_id", "on", name=op.f("uq_classification_loan_id_on")),
    )
    op.create_index(op.f("ix_classification_loan_id"), "classification", ["loan_id"], unique=False)
    op.create_table(
        "day_close_error",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("close_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["close_id"], ["day_close.id"], name=op.f("fk_day_close_error_close_id_day_close")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_day_close_error_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_day_close_error")),
        sa.UniqueConstraint(
            "close_id", "loan_id", name=op.f("uq_day_close_error_close_id_loan_id")
        ),
    )
    op.create_table(
        "loan_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column(
            "fact",
            sa.Enum(
                "funds-misused",
                "restructured",
                "refinanced",
                "debtor-evades",
                "credit-weakened",
                "credit-impaired",
                "overdue-elsewhere",
                "technical-delay",
                name="fact",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_fact_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_fact")),
    )
    op.create_index(op.f("ix_loan_fact_loan_id"), "loan_fact", ["loan_id"], unique=False)
    op.create_table(
        "loan_month_end",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("month_end_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
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
        sa.CheckConstraint(
            "principal_fen BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_loan_month_end_principal_range"),
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_month_end_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("loan_id", "month_end_on", name=op.f("pk_loan_month_end")),
    )
    op.create_index("ix_loan_month_end_on", "loan_month_end", ["month_end_on"], unique=False)
    op.create_table(
        "loan_note",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("drawn_on", sa.Date(), nullable=False),
        sa.Column("rate_ppm", sa.Integer(), nullable=False),
        sa.Column("matures_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "amount_fen BETWEEN 0 AND 1000000000000000 AND amount_fen > 0",
            name=op.f("ck_loan_note_amount_range"),
        ),
        sa.CheckConstraint("matures_on > drawn_on", name=op.f("ck_loan_note_matures_after_draw")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_note_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_note")),
        sa.UniqueConstraint("number", name=op.f("uq_loan_note_number")),
    )
    op.create_index(op.f("ix_loan_note_loan_id"), "loan_note", ["loan_id"], unique=False)
    op.create_table(
        "loan_state",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("accrued_fen", sa.BigInteger(), nullable=False),
        sa.Column("overdue_days", sa.Integer(), nullable=False),
        sa.Column("overdue_fen", sa.BigInteger(), nullable=False),
        sa.Column("suspense_fen", sa.BigInteger(), nullable=False),
        sa.Column("fees_fen", sa.BigInteger(), nullable=False),
        sa.Column(
            "own_class",
            sa.Enum(
                "normal",
                "special-mention",
                "substandard",
                "doubtful",
                "loss",
                name="own_class",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=True,
        ),
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
        sa.Column("off_balance", sa.Boolean(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "overdue_days >= 0 AND overdue_fen >= 0",
            name=op.f("ck_loan_state_overdue_not_negative"),
        ),
        sa.CheckConstraint(
            "principal_fen BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_loan_state_principal_range"),
        ),
        sa.CheckConstraint("suspense_fen >= 0", name=op.f("ck_loan_state_suspense_not_negative")),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_state_loan_id_loan")),
        sa.PrimaryKeyConstraint("loan_id", name=op.f("pk_loan_state")),
    )
    op.create_index(op.f("ix_loan_state_closed_on"), "loan_state", ["closed_on"], unique=False)
    op.create_table(
        "repayment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("penalty_fen", sa.BigInteger(), nullable=False),
        sa.Column("compound_fen", sa.BigInteger(), nullable=False),
        sa.Column("fee_fen", sa.BigInteger(), nullable=False),
        sa.Column("suspense_fen", sa.BigInteger(), nullable=False),
        sa.Column("used_suspense", sa.Boolean(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("payer", sa.String(length=160), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "amount_fen = principal_fen + interest_fen + penalty_fen + compound_fen + fee_fen + suspense_fen",
            name=op.f("ck_repayment_parts_sum"),
        ),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_repayment_amount_positive")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_repayment_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_repayment_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["reverses_id"], ["repayment.id"], name=op.f("fk_repayment_reverses_id_repayment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayment")),
        sa.UniqueConstraint("loan_id", "key", name=op.f("uq_repayment_loan_id_key")),
        sa.UniqueConstraint("number", name=op.f("uq_repayment_number")),
        sa.UniqueConstraint("reverses_id", name=op.f("uq_repayment_reverses_id")),
    )
    op.create_index("ix_repayment_loan", "repayment", ["loan_id", "booked_on"], unique=False)
    op.create_table(
        "loan_accrual",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "interest",
                "penalty",
                "compound",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("cumulative_fen", sa.BigInteger(), nullable=False),
        sa.Column("off_balance", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_accrual_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_loan_accrual_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("note_id", "on", "kind", name=op.f("pk_loan_accrual")),
    )
    op.create_index("ix_loan_accrual_loan", "loan_accrual", ["loan_id", "on"], unique=False)
    op.create_table(
        "loan_due",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "paid_interest_fen BETWEEN 0 AND interest_fen",
            name=op.f("ck_loan_due_paid_interest_range"),
        ),
        sa.CheckConstraint(
            "paid_principal_fen BETWEEN 0 AND principal_fen",
            name=op.f("ck_loan_due_paid_principal_range"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_due_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_loan_due_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_due")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_loan_due_note_id_number")),
    )
    op.create_index("ix_loan_due_loan", "loan_due", ["loan_id", "due_on"], unique=False)
    op.create_index(
        "uq_loan_due_open",
        "loan_due",
        ["loan_id", "note_id", "number"],
        unique=True,
        sqlite_where=sa.text("NOT settled"),
        postgresql_where=sa.text("NOT settled"),
    )
    op.create_table(
        "loan_posting",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=True),
        sa.Column(
            "debit",
            sa.Enum(
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
                name="debit",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "credit",
            sa.Enum(
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
                name="credit",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "drawdown",
                "accrual",
                "repayment",
                "reversal",
                "non-accrual",
                "write-off",
                "recovery",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("reverses_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("amount_fen > 0", name=op.f("ck_loan_posting_amount_positive")),
        sa.CheckConstraint("debit <> credit", name=op.f("ck_loan_posting_two_accounts")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_loan_posting_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_posting_loan_id_loan")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_loan_posting_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_posting")),
        sa.UniqueConstraint("entry_id", "seq", name=op.f("uq_loan_posting_entry_id_seq")),
    )
    op.create_index("ix_loan_posting_bank", "loan_posting", ["bank_id", "booked_on"], unique=False)
    op.create_index(
        "ix_loan_posting_loan", "loan_posting", ["loan_id", "booked_on", "id"], unique=False
    )
    op.create_index(
        "uq_loan_posting_reverses",
        "loan_posting",
        ["reverses_id", "seq"],
        unique=True,
        sqlite_where=sa.text("reverses_id IS NOT NULL"),
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )
    op.create_table(
        "note_plan",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("plan", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_note_plan_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note_plan")),
        sa.UniqueConstraint("note_id", "number", name=op.f("uq_note_plan_note_id_number")),
    )
    op.create_table(
        "note_state",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("unbilled_fen", sa.BigInteger(), nullable=False),
        sa.Column("overdue_principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("period_number", sa.Integer(), nullable=False),
        sa.Column("period_starts_on", sa.Date(), nullable=False),
        sa.Column("period_due_on", sa.Date(), nullable=False),
        sa.Column("whole_months", sa.Integer(), nullable=False),
        sa.Column("steps", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True),
        sa.Column("interest_fen", sa.BigInteger(), nullable=False),
        sa.Column("ahead_fen", sa.BigInteger(), nullable=False),
        sa.Column("penalty_fen", sa.BigInteger(), nullable=False),
        sa.Column("penalty_paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("compound_fen", sa.BigInteger(), nullable=False),
        sa.Column("compound_paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("bills", sa.Integer(), nullable=False),
        sa.Column("restate", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_note_state_loan_id_loan")),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_note_state_note_id_loan_note")
        ),
        sa.PrimaryKeyConstraint("note_id", name=op.f("pk_note_state")),
    )
    op.create_index(op.f("ix_note_state_loan_id"), "note_state", ["loan_id"], unique=False)
    op.create_table(
        "repayment_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("due_id", sa.Uuid(), nullable=True),
        sa.Column(
            "claim",
            sa.Enum(
                "fee",
                "penalty",
                "compound",
                "interest",
                "principal",
                name="claim",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "due_id IS NULL OR claim IN ('interest', 'principal')",
            name=op.f("ck_repayment_line_due_of_kind"),
        ),
        sa.CheckConstraint("paid_fen <> 0", name=op.f("ck_repayment_line_paid_not_zero")),
        sa.ForeignKeyConstraint(
            ["due_id"], ["loan_due.id"], name=op.f("fk_repayment_line_due_id_loan_due")
        ),
        sa.ForeignKeyConstraint(
            ["note_id"], ["loan_note.id"], name=op.f("fk_repayment_line_note_id_loan_note")
        ),
        sa.ForeignKeyConstraint(
            ["repayment_id"],
            ["repayment.id"],
            name=op.f("fk_repayment_line_repayment_id_repayment"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repayment_line")),
    )
    op.create_index(
        "ix_repayment_line_note", "repayment_line", ["note_id", "value_on"], unique=False
    )
    op.create_index(
        op.f("ix_repayment_line_repayment_id"), "repayment_line", ["repayment_id"], unique=False
    )


def downgrade() -> None:
    op.drop_table("repayment_line")
    op.drop_table("note_state")
    op.drop_table("note_plan")
    op.drop_table("loan_posting")
    op.drop_table("loan_due")
    op.drop_table("loan_accrual")
    op.drop_table("repayment")
    op.drop_table("loan_state")
    op.drop_table("loan_note")
    op.drop_table("loan_month_end")
    op.drop_table("loan_fact")
    op.drop_table("day_close_error")
    op.drop_table("classification")
    op.drop_table("loan")
    op.drop_table("day_close")
    op.drop_table("bank_day")
