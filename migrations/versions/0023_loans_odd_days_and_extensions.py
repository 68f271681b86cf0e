"""Keep the interest of odd days that is spread, and what each extension decided."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    for name in ("odd_fen", "odd_part_fen"):
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("note_state", column)
    op.add_column("note_plan", sa.Column("extension_id", sa.Uuid(), nullable=True))
    _create_extensions()


def downgrade() -> None:
    op.drop_table("loan_extension")
    op.drop_column("note_plan", "extension_id")
    for name in ("odd_part_fen", "odd_fen"):
        op.drop_column("note_state", name)


def _create_extensions() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "loan_extension",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("before_on", sa.Date(), nullable=False),
        sa.Column("matures_on", sa.Date(), nullable=False),
        sa.Column("before_moved", json, nullable=True),
        sa.Column("moved", json, nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.CheckConstraint("before_on < matures_on", name=op.f("ck_loan_extension_later")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_loan_extension_number_positive")),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_extension_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_extension")),
        sa.UniqueConstraint("loan_id", "number", name=op.f("uq_loan_extension_loan_id_number")),
    )
