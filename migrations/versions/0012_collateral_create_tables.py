"""Create the tables of the collateral room."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "asset_lien",
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("secured_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("secured_fen >= 0", name=op.f("ck_asset_lien_secured_not_negative")),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_lien_asset_id_asset")
        ),
        sa.PrimaryKeyConstraint("asset_id", name=op.f("pk_asset_lien")),
    )
    op.create_table(
        "guarantee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("guarantor_id", sa.Uuid(), nullable=False),
        sa.Column("covered_fen", sa.BigInteger(), nullable=False),
        sa.Column("share_ppm", sa.Integer(), nullable=False),
        sa.Column("contracted_on", sa.Date(), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.CheckConstraint("covered_fen > 0", name=op.f("ck_guarantee_covered_positive")),
        sa.ForeignKeyConstraint(
            ["guarantor_id"],
            ["organisation.id"],
            name=op.f("fk_guarantee_guarantor_id_organisation"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_guarantee_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guarantee")),
    )
    op.create_index(op.f("ix_guarantee_loan_id"), "guarantee", ["loan_id"], unique=False)
    op.create_table(
        "ltv_observation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("watch_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("exposure_fen", sa.BigInteger(), nullable=False),
        sa.Column("recognised_fen", sa.BigInteger(), nullable=True),
        sa.Column("lendable_fen", sa.BigInteger(), nullable=False),
        sa.Column("ltv_ppm", sa.BigInteger(), nullable=True),
        sa.Column("risk_ltv_ppm", sa.BigInteger(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "none",
                "normal",
                "warning",
                "top-up",
                "disposal",
                "unpriced",
                name="level",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_ltv_observation_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ltv_observation")),
    )
    op.create_index("ix_ltv_observation_loan", "ltv_observation", ["loan_id", "on"], unique=False)
    op.create_table(
        "margin_call",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "reviewed",
                "issued",
                "served",
                "cured",
                "dismissed",
                "waived",
                "defaulted",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum(
                "none",
                "normal",
                "warning",
                "top-up",
                "disposal",
                "unpriced",
                name="level",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column(
            "basis",
            sa.Enum(
                "principal",
                "exposure",
                name="basis",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("measured_on", sa.Date(), nullable=False),
        sa.Column("exposure_fen", sa.BigInteger(), nullable=False),
        sa.Column("recognised_fen", sa.BigInteger(), nullable=True),
        sa.Column("ratio_ppm", sa.BigInteger(), nullable=True),
        sa.Column("line_ppm", sa.Integer(), nullable=False),
        sa.Column("target_ppm", sa.Integer(), nullable=False),
        sa.Column("repay_fen", sa.BigInteger(), nullable=False),
        sa.Column("add_recognised_fen", sa.BigInteger(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=True),
        sa.Column("review_note", sa.String(length=500), nullable=False),
        sa.Column("issuer_id", sa.Uuid(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("notice_id", sa.Uuid(), nullable=True),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("served_to", sa.String(length=80), nullable=False),
        sa.Column("service_method", sa.String(length=40), nullable=False),
        sa.Column("service_document_id", sa.Uuid(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("closing_note", sa.String(length=500), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("add_recognised_fen >= 0", name=op.f("ck_margin_call_add_not_negative")),
        sa.CheckConstraint("repay_fen >= 0", name=op.f("ck_margin_call_repay_not_negative")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_margin_call_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_margin_call_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_margin_call")),
        sa.UniqueConstraint("number", name=op.f("uq_margin_call_number")),
    )
    op.create_index(op.f("ix_margin_call_bank_id"), "margin_call", ["bank_id"], unique=False)
    op.create_index(op.f("ix_margin_call_loan_id"), "margin_call", ["loan_id"], unique=False)
    op.create_index(
        "uq_margin_call_open_loan",
        "margin_call",
        ["loan_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('open', 'reviewed', 'issued', 'served')"),
        postgresql_where=sa.text("state IN ('open', 'reviewed', 'issued', 'served')"),
    )
    op.create_table(
        "pledge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
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
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("secured_fen", sa.BigInteger(), nullable=False),
        sa.Column("cap_ppm", sa.Integer(), nullable=False),
        sa.Column("relied_current_fen", sa.BigInteger(), nullable=False),
        sa.Column("relied_recognised_fen", sa.BigInteger(), nullable=False),
        sa.Column("relied_valid_until", sa.Date(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "contracted",
                "registered",
                "released",
                "cancelled",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("contracted_on", sa.Date(), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("rank >= 1", name=op.f("ck_pledge_rank_positive")),
        sa.CheckConstraint(
            "secured_fen <= relied_current_fen", name=op.f("ck_pledge_relied_covers")
        ),
        sa.CheckConstraint("secured_fen > 0", name=op.f("ck_pledge_secured_positive")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_pledge_asset_id_asset")),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_pledge_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_pledge_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pledge")),
        sa.UniqueConstraint("number", name=op.f("uq_pledge_number")),
    )
    op.create_index(op.f("ix_pledge_asset_id"), "pledge", ["asset_id"], unique=False)
    op.create_index(op.f("ix_pledge_bank_id"), "pledge", ["bank_id"], unique=False)
    op.create_index(op.f("ix_pledge_loan_id"), "pledge", ["loan_id"], unique=False)
    op.create_index(
        "uq_pledge_active_asset_loan",
        "pledge",
        ["asset_id", "loan_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('contracted', 'registered')"),
        postgresql_where=sa.text("state IN ('contracted', 'registered')"),
    )
    op.create_index(
        "uq_pledge_active_rank",
        "pledge",
        ["asset_id", "rank"],
        unique=True,
        sqlite_where=sa.text("state IN ('contracted', 'registered')"),
        postgresql_where=sa.text("state IN ('contracted', 'registered')"),
    )
    op.create_table(
        "recognised_value",
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("recognised_fen", sa.BigInteger(), nullable=True),
        sa.Column("recognised_on", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "recognised_fen IS NULL OR recognised_fen BETWEEN 0 AND 1000000000000000",
            name=op.f("ck_recognised_value_recognised_range"),
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_recognised_value_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_recognised_value_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("bank_id", "asset_id", name=op.f("pk_recognised_value")),
    )
    op.create_table(
        "recognition",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "confirmation",
                "fall",
                "lapse",
                name="reason",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("before_fen", sa.BigInteger(), nullable=True),
        sa.Column("after_fen", sa.BigInteger(), nullable=True),
        sa.Column("current_fen", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_recognition_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_recognition_bank_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recognition")),
        sa.UniqueConstraint(
            "bank_id", "asset_id", "seq", name=op.f("uq_recognition_bank_id_asset_id_seq")
        ),
    )
    op.create_table(
        "loan_cover",
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("seen_version", sa.Integer(), nullable=False),
        sa.Column("observed_on", sa.Date(), nullable=False),
        sa.Column("principal_fen", sa.BigInteger(), nullable=False),
        sa.Column("exposure_fen", sa.BigInteger(), nullable=False),
        sa.Column("recognised_fen", sa.BigInteger(), nullable=True),
        sa.Column("lendable_fen", sa.BigInteger(), nullable=False),
        sa.Column("guaranteed_fen", sa.BigInteger(), nullable=False),
        sa.Column("ltv_ppm", sa.BigInteger(), nullable=True),
        sa.Column("risk_ltv_ppm", sa.BigInteger(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "none",
                "normal",
                "warning",
                "top-up",
                "disposal",
                "unpriced",
                name="level",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("breach_call_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["breach_call_id"],
            ["margin_call.id"],
            name=op.f("fk_loan_cover_breach_call_id_margin_call"),
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_cover_loan_id_loan")),
        sa.PrimaryKeyConstraint("loan_id", name=op.f("pk_loan_cover")),
    )
    op.create_table(
        "registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("pledge_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "initial",
                "search",
                "extension",
                "cancellation",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("registry_code", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["pledge_id"], ["pledge.id"], name=op.f("fk_registration_pledge_id_pledge")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registration")),
        sa.UniqueConstraint(
            "registry_code", "number", name=op.f("uq_registration_registry_code_number")
        ),
    )
    op.create_index(op.f("ix_registration_pledge_id"), "registration", ["pledge_id"], unique=False)


def downgrade() -> None:
    op.drop_table("registration")
    op.drop_table("loan_cover")
    op.drop_table("recognition")
    op.drop_table("recognised_value")
    op.drop_table("pledge")
    op.drop_table("margin_call")
    op.drop_table("ltv_observation")
    op.drop_table("guarantee")
    op.drop_table("asset_lien")
