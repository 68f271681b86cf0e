"""Create the tables of the appraisal room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "revaluation_run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("scope_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "running",
                "finished",
                "cancelled",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("executor", sa.String(length=80), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("requested_by_id", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "done >= 0 AND failed >= 0 AND done + failed <= total",
            name=op.f("ck_revaluation_run_counts"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_revaluation_run")),
        sa.UniqueConstraint("number", name=op.f("uq_revaluation_run_number")),
    )
    op.create_index(
        "uq_revaluation_run_day",
        "revaluation_run",
        ["on", "scope_id"],
        unique=True,
        sqlite_where=sa.text("state <> 'cancelled'"),
        postgresql_where=sa.text("state <> 'cancelled'"),
    )
    op.create_table(
        "gep_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("region_code", sa.String(length=12), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("accounted_on", sa.Date(), nullable=False),
        sa.Column("norm_profile", sa.String(length=60), nullable=False),
        sa.Column("price_table", sa.String(length=60), nullable=False),
        sa.Column("model_version", sa.String(length=20), nullable=False),
        sa.Column(
            "document", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("total_fen", sa.BigInteger(), nullable=False),
        sa.Column("stored_by_id", sa.Uuid(), nullable=False),
        sa.Column("published_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state = 'draft' OR published_by_id IS NOT NULL", name=op.f("ck_gep_account_published")
        ),
        sa.CheckConstraint("total_fen >= 0", name=op.f("ck_gep_account_total_range")),
        sa.CheckConstraint("year BETWEEN 1990 AND 2100", name=op.f("ck_gep_account_year_range")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_gep_account_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gep_account")),
    )
    op.create_index(
        op.f("ix_gep_account_organisation_id"), "gep_account", ["organisation_id"], unique=False
    )
    op.create_table(
        "panel_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["organisation.id"], name=op.f("fk_panel_member_agency_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_panel_member_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_panel_member")),
        sa.UniqueConstraint(
            "bank_id",
            "agency_id",
            "valid_from",
            name=op.f("uq_panel_member_bank_id_agency_id_valid_from"),
        ),
    )
    op.create_index(op.f("ix_panel_member_bank_id"), "panel_member", ["bank_id"], unique=False)
    op.create_table(
        "appraisal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("ordered_by_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "external",
                "internal",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("loan_fen", sa.BigInteger(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "ordered",
                "preparing",
                "signed",
                "valid",
                "declined",
                "expired",
                "superseded",
                "revoked",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("model_version", sa.String(length=20), nullable=False),
        sa.Column("valued_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column(
            "inputs", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column(
            "prices", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column(
            "result", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("inputs_digest", sa.String(length=64), nullable=False),
        sa.Column("basis_digest", sa.String(length=64), nullable=False),
        sa.Column("value_fen", sa.BigInteger(), nullable=True),
        sa.Column(
            "outside", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.Column("outside_document_id", sa.Uuid(), nullable=True),
        sa.Column("maker_id", sa.Uuid(), nullable=True),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("closing_note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "reviewer_id IS NULL OR reviewer_id <> maker_id", name=op.f("ck_appraisal_two_signers")
        ),
        sa.CheckConstraint(
            "value_fen IS NULL OR value_fen BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_appraisal_value_range"),
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["organisation.id"], name=op.f("fk_appraisal_agency_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_appraisal_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_appraisal_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["ordered_by_id"],
            ["organisation.id"],
            name=op.f("fk_appraisal_ordered_by_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["outside_document_id"],
            ["document.id"],
            name=op.f("fk_appraisal_outside_document_id_document"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal")),
        sa.UniqueConstraint("number", name=op.f("uq_appraisal_number")),
    )
    op.create_index(op.f("ix_appraisal_agency_id"), "appraisal", ["agency_id"], unique=False)
    op.create_index(op.f("ix_appraisal_asset_id"), "appraisal", ["asset_id"], unique=False)
    op.create_index(op.f("ix_appraisal_bank_id"), "appraisal", ["bank_id"], unique=False)
    op.create_index(
        "uq_appraisal_valid_asset",
        "appraisal",
        ["asset_id"],
        unique=True,
        sqlite_where=sa.text("state = 'valid'"),
        postgresql_where=sa.text("state = 'valid'"),
    )
    op.create_table(
        "revaluation_item",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "waiting",
                "done",
                "failed",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("before_fen", sa.BigInteger(), nullable=True),
        sa.Column("after_fen", sa.BigInteger(), nullable=True),
        sa.Column(
            "problem", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_revaluation_item_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"],
            ["revaluation_run.id"],
            name=op.f("fk_revaluation_item_run_id_revaluation_run"),
        ),
        sa.PrimaryKeyConstraint("run_id", "asset_id", name=op.f("pk_revaluation_item")),
    )
    op.create_index(
        "ix_revaluation_item_next",
        "revaluation_item",
        ["run_id", "state", "model_id", "asset_id"],
        unique=False,
    )
    op.create_table(
        "valuation_input",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "overrides", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_valuation_input_asset_id_asset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuation_input")),
    )
    op.create_index(
        "ix_valuation_input_asset", "valuation_input", ["asset_id", "valid_from"], unique=False
    )
    op.create_table(
        "appraisal_signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("appraisal_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "maker",
                "reviewer",
                name="role",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("qualification", sa.String(length=60), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appraisal_id"],
            ["appraisal.id"],
            name=op.f("fk_appraisal_signature_appraisal_id_appraisal"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appraisal_signature")),
    )
    op.create_index(
        op.f("ix_appraisal_signature_appraisal_id"),
        "appraisal_signature",
        ["appraisal_id"],
        unique=False,
    )
    op.create_table(
        "asset_value",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("appraisal_id", sa.Uuid(), nullable=True),
        sa.Column("appraised_fen", sa.BigInteger(), nullable=True),
        sa.Column("appraised_on", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("valuation_fen", sa.BigInteger(), nullable=True),
        sa.Column("valued_on", sa.Date(), nullable=True),
        sa.Column("current_fen", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "current_fen IS NULL OR current_fen BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_asset_value_current_range"),
        ),
        sa.ForeignKeyConstraint(
            ["appraisal_id"], ["appraisal.id"], name=op.f("fk_asset_value_appraisal_id_appraisal")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_value_asset_id_asset")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_value")),
    )
    op.create_table(
        "valuation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("model_id", sa.String(length=40), nullable=False),
        sa.Column("model_version", sa.String(length=20), nullable=False),
        sa.Column("value_fen", sa.BigInteger(), nullable=False),
        sa.Column("inputs_digest", sa.String(length=64), nullable=False),
        sa.Column("basis_digest", sa.String(length=64), nullable=False),
        sa.Column(
            "prices", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column(
            "recorded", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("appraisal_id", sa.Uuid(), nullable=True),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["appraisal_id"], ["appraisal.id"], name=op.f("fk_valuation_appraisal_id_appraisal")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_valuation_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["revaluation_run.id"], name=op.f("fk_valuation_run_id_revaluation_run")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_valuation")),
    )
    op.create_index("ix_valuation_asset_on", "valuation", ["asset_id", "on"], unique=False)
    op.create_index(
        "uq_valuation_run_asset",
        "valuation",
        ["run_id", "asset_id"],
        unique=True,
        sqlite_where=sa.text("run_id IS NOT NULL"),
        postgresql_where=sa.text("run_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("valuation")
    op.drop_table("asset_value")
    op.drop_table("appraisal_signature")
    op.drop_table("valuation_input")
    op.drop_table("revaluation_item")
    op.drop_table("appraisal")
    op.drop_table("panel_member")
    op.drop_table("gep_account")
    op.drop_table("revaluation_run")
