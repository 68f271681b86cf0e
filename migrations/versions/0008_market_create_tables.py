"""Create the tables of the market room."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "price_series",
        sa.Column("code", sa.String(40), nullable=False),
        sa.Column("title_zh", sa.String(length=100), nullable=False),
        sa.Column("title_en", sa.String(length=120), nullable=False),
        sa.Column("unit", sa.String(length=30), nullable=False),
        sa.Column("price_id", sa.String(length=40), nullable=True),
        sa.Column("max_age_days", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_price_series")),
        sa.UniqueConstraint("price_id", name=op.f("uq_price_series_price_id")),
    )
    op.create_table(
        "price_import",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_code", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["series_code"],
            ["price_series.code"],
            name=op.f("fk_price_import_series_code_price_series"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_import")),
    )
    op.create_index(
        op.f("ix_price_import_series_code"), "price_import", ["series_code"], unique=False
    )
    op.create_table(
        "price_point",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_code", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value", sa.String(40), nullable=False),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "revision = 1 OR reason <> ''", name=op.f("ck_price_point_correction_has_reason")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_price_point_revision_positive")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["price_import.id"], name=op.f("fk_price_point_import_id_price_import")
        ),
        sa.ForeignKeyConstraint(
            ["series_code"],
            ["price_series.code"],
            name=op.f("fk_price_point_series_code_price_series"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_price_point")),
        sa.UniqueConstraint(
            "series_code", "on", "revision", name=op.f("uq_price_point_series_code_on_revision")
        ),
    )


def downgrade() -> None:
    op.drop_table("price_point")
    op.drop_table("price_import")
    op.drop_table("price_series")
