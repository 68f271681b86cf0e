"""Keep how often a file of repayments could not be booked; drop a mark of notes that nothing sets."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.drop_column("note_state", "restate")
    runs = sa.Column("failed_runs", sa.Integer(), nullable=False, server_default="0")
    op.add_column("repayment_batch", runs)
    op.add_column("repayment_batch", sa.Column("failed_at", sa.DateTime(timezone=True)))
    op.add_column("repayment_batch", sa.Column("problem", sa.String(length=60)))


def downgrade() -> None:
    for name in ("problem", "failed_at", "failed_runs"):
        op.drop_column("repayment_batch", name)
    mark = sa.Column("restate", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("note_state", mark)
    with op.batch_alter_table("note_state") as notes:
        notes.alter_column("restate", server_default=None)
