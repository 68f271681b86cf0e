"""Create the tables of the jobs room."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.create_table(
        "job_run",
        sa.Column("job", sa.String(60), nullable=False),
        sa.Column("scope", sa.String(36), nullable=False),
        sa.Column("tick", sa.String(40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "done",
                "failed",
                name="state",
                native_enum=False,
                length=40,
                create_constraint=True,
            ),
            nullable=False,
        ),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=120), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "facts", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("detail", sa.String(length=300), nullable=False),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_job_run_attempt_positive")),
        sa.PrimaryKeyConstraint("job", "scope", "tick", name=op.f("pk_job_run")),
    )
    op.create_index("ix_job_run_started_at", "job_run", ["started_at"], unique=False)
    op.create_table(
        "scheduler_process",
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_scheduler_process")),
    )
    op.create_index(
        op.f("ix_scheduler_process_seen_at"), "scheduler_process", ["seen_at"], unique=False
    )


def downgrade() -> None:
    op.drop_table("scheduler_process")
    op.drop_table("job_run")
