"""Placeholder of a step in work."""

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
