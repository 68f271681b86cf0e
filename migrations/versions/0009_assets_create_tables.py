"""Create the tables of the assets room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "asset",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "forest-right",
                "carbon-sink-income",
                "compensation-income",
                "gep-income",
                "operating-income",
                "water-right",
                "discharge-right",
                "energy-use-right",
                "carbon-allowance",
                "carbon-credit",
                "carbon-ticket",
                "green-certificate",
                "grassland-right",
                "tariff-income",
                "equipment-and-buildings",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("title_en", sa.String(length=160), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("region_code", sa.String(length=6), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "registered",
                "measured",
                "certified",
                "filed",
                "withdrawn",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("certificate_registry", sa.String(length=60), nullable=False),
        sa.Column("certificate_number", sa.String(length=80), nullable=False),
        sa.Column("right_starts_on", sa.Date(), nullable=False),
        sa.Column("right_ends_on", sa.Date(), nullable=False),
        sa.Column(
            "forest_category",
            sa.Enum(
                "timber",
                "economic",
                "fuel",
                "protection",
                "special-use",
                name="forest_category",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=True,
        ),
        sa.Column("area_mu", sa.String(40), nullable=True),
        sa.Column("quantity", sa.String(40), nullable=True),
        sa.Column("quantity_unit", sa.String(length=30), nullable=False),
        sa.Column("model_id", sa.String(length=60), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "right_ends_on > right_starts_on", name=op.f("ck_asset_right_ends_after_start")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["organisation.id"], name=op.f("fk_asset_owner_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["region.code"], name=op.f("fk_asset_region_code_region")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("number", name=op.f("uq_asset_number")),
    )
    op.create_index(op.f("ix_asset_kind"), "asset", ["kind"], unique=False)
    op.create_index(op.f("ix_asset_owner_id"), "asset", ["owner_id"], unique=False)
    op.create_index(op.f("ix_asset_region_code"), "asset", ["region_code"], unique=False)
    op.create_index(op.f("ix_asset_state"), "asset", ["state"], unique=False)
    op.create_index(
        "uq_asset_certificate",
        "asset",
        ["certificate_registry", "certificate_number"],
        unique=True,
        sqlite_where=sa.text("state <> 'withdrawn'"),
        postgresql_where=sa.text("state <> 'withdrawn'"),
    )
    op.create_table(
        "asset_encumbrance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "mortgage",
                "pledge",
                "lease",
                "seizure",
                "freeze",
                "other",
                name="kind",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("holder", sa.String(length=120), nullable=False),
        sa.Column("secured_fen", sa.BigInteger(), nullable=True),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "ended_on >= since_on", name=op.f("ck_asset_encumbrance_ends_after_start")
        ),
        sa.CheckConstraint(
            "secured_fen >= 0", name=op.f("ck_asset_encumbrance_secured_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_encumbrance_asset_id_asset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_encumbrance")),
    )
    op.create_index(
        op.f("ix_asset_encumbrance_asset_id"), "asset_encumbrance", ["asset_id"], unique=False
    )
    op.create_table(
        "asset_evidence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_evidence_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_asset_evidence_document_id_document")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_evidence")),
        sa.UniqueConstraint(
            "asset_id", "document_id", name=op.f("uq_asset_evidence_asset_id_document_id")
        ),
    )
    op.create_index(
        op.f("ix_asset_evidence_asset_id"), "asset_evidence", ["asset_id"], unique=False
    )
    op.create_table(
        "asset_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "offered",
                "ordered",
                "pledged",
                "sent",
                name="reason",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("granted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_grant_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_asset_grant_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_grant")),
        sa.UniqueConstraint(
            "asset_id",
            "organisation_id",
            "reason",
            name=op.f("uq_asset_grant_asset_id_organisation_id_reason"),
        ),
    )
    op.create_index(
        op.f("ix_asset_grant_organisation_id"), "asset_grant", ["organisation_id"], unique=False
    )
    op.create_table(
        "asset_measurement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column(
            "act",
            sa.Enum(
                "measure",
                "certify",
                "file",
                name="act",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("quantity", sa.String(40), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_measurement_asset_id_asset")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_asset_measurement_document_id_document")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_asset_measurement_organisation_id_organisation"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_measurement")),
        sa.UniqueConstraint("asset_id", "act", name=op.f("uq_asset_measurement_asset_id_act")),
        sa.UniqueConstraint(
            "asset_id",
            "organisation_id",
            name=op.f("uq_asset_measurement_asset_id_organisation_id"),
        ),
        sa.UniqueConstraint(
            "organisation_id", "number", name=op.f("uq_asset_measurement_organisation_id_number")
        ),
    )
    op.create_index(
        op.f("ix_asset_measurement_asset_id"), "asset_measurement", ["asset_id"], unique=False
    )
    op.create_table(
        "asset_parcel",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asset_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "geometry", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("area_mu", sa.String(40), nullable=False),
        sa.Column("stated_area_mu", sa.String(40), nullable=True),
        sa.Column("vertices", sa.Integer(), nullable=False),
        sa.Column("west_e7", sa.Integer(), nullable=False),
        sa.Column("south_e7", sa.Integer(), nullable=False),
        sa.Column("east_e7", sa.Integer(), nullable=False),
        sa.Column("north_e7", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "west_e7 < east_e7 AND south_e7 < north_e7", name=op.f("ck_asset_parcel_box_ordered")
        ),
        sa.ForeignKeyConstraint(
            ["asset_id"], ["asset.id"], name=op.f("fk_asset_parcel_asset_id_asset")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_parcel")),
        sa.UniqueConstraint("asset_id", "seq", name=op.f("uq_asset_parcel_asset_id_seq")),
    )
    op.create_index(op.f("ix_asset_parcel_asset_id"), "asset_parcel", ["asset_id"], unique=False)
    op.create_index(
        "ix_asset_parcel_box",
        "asset_parcel",
        ["west_e7", "east_e7", "south_e7", "north_e7"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("asset_parcel")
    op.drop_table("asset_measurement")
    op.drop_table("asset_grant")
    op.drop_table("asset_evidence")
    op.drop_table("asset_encumbrance")
    op.drop_table("asset")
