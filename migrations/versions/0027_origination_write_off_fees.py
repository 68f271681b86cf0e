"""Keep the fees that a loan owed when its write-off was proposed."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    fees = sa.Column("fees_fen", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("loan_write_off", fees)


def downgrade() -> None:
    op.drop_column("loan_write_off", "fees_fen")
