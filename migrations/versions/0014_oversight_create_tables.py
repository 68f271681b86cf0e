"""Create the tables of the oversight room."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "drill_down",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=500), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "valid_until > opened_at", name=op.f("ck_drill_down_valid_after_opened")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_drill_down_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_drill_down_person_id_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drill_down")),
    )
    op.create_index(op.f("ix_drill_down_person_id"), "drill_down", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_table("drill_down")
