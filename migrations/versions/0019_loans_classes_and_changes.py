"""Placeholder of a step in work."""

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
