"""Add what people decide about classes, observations, provisions, and changes of a loan."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"

_FACTS = (
    "funds-misused",
    "restructured",
    "refinanced",
    "debtor-evades",
    "credit-weakened",
    "credit-impaired",
    "overdue-elsewhere",
    "technical-delay",
)
_ENHANCED = "credit-enhanced"
_CLASSES = ("normal", "special-mention", "substandard", "doubtful", "loss")
_SHARE = "share_ppm BETWEEN 0 AND 1000000"


def upgrade() -> None:
    _change_facts((*_FACTS, _ENHANCED), with_share=True)
    op.add_column("loan_month_end", sa.Column("provision_fen", sa.BigInteger(), nullable=True))
    _create_class_changes()
    _index_class_changes()
    _create_observations()
    _create_loan_changes()
    _index_loan_changes()


def downgrade() -> None:
    """A recognised credit enhancement has no place among the facts before: with any recorded the CHECK refuses."""
    op.drop_table("loan_change")
    op.drop_table("loan_observation")
    op.drop_table("class_change")
    op.drop_column("loan_month_end", "provision_fen")
    _change_facts(_FACTS, with_share=False)


def _choice(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, length=40, create_constraint=True)


def _change_facts(facts: tuple[str, ...], *, with_share: bool) -> None:
    if op.get_bind().dialect.name == "sqlite":
        _write_facts_anew(facts, with_share=with_share)
        return
    listed = ", ".join(f"'{fact}'" for fact in facts)
    op.drop_constraint(op.f("ck_loan_fact_fact"), "loan_fact", type_="check")
    op.create_check_constraint(
        op.f("ck_loan_fact_fact"), "loan_fact", sa.text(f"fact IN ({listed})")
    )
    if with_share:
        op.add_column("loan_fact", sa.Column("share_ppm", sa.Integer(), nullable=True))
        op.create_check_constraint(op.f("ck_loan_fact_share_range"), "loan_fact", sa.text(_SHARE))
    else:
        op.drop_column("loan_fact", "share_ppm")


def _write_facts_anew(facts: tuple[str, ...], *, with_share: bool) -> None:
    """SQLite changes a CHECK by writing the table anew; nothing refers to the facts yet."""
    made = _facts_table(facts, with_share=with_share)
    op.drop_index("ix_loan_fact_loan_id", table_name="loan_fact")
    made.create(op.get_bind())
    names = [each.name for each in made.columns if each.name != "share_ppm"]
    standing = sa.table("loan_fact", *(sa.column(name) for name in names))
    op.get_bind().execute(sa.insert(made).from_select(names, sa.select(standing)))
    op.drop_table("loan_fact")
    op.rename_table(made.name, "loan_fact")
    op.create_index("ix_loan_fact_loan_id", "loan_fact", ["loan_id"], unique=False)


def _facts_table(facts: tuple[str, ...], *, with_share: bool) -> sa.Table:
    """The facts under another name, with the names of their constraints."""
    metadata = sa.MetaData()
    sa.Table("loan", metadata, sa.Column("id", sa.Uuid(), primary_key=True))
    share = [
        sa.Column("share_ppm", sa.Integer(), nullable=True),
        sa.CheckConstraint(_SHARE, name="ck_loan_fact_share_range"),
    ]
    return sa.Table(
        "loan_fact_anew",
        metadata,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("fact", _choice("ck_loan_fact_fact", facts), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(share if with_share else ()),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name="fk_loan_fact_loan_id_loan"),
        sa.PrimaryKeyConstraint("id", name="pk_loan_fact"),
    )


def _create_class_changes() -> None:
    op.create_table(
        "class_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("kind", ("judge", "end-fact", "better-fact")), nullable=False),
        sa.Column("judged_class", _choice("judged_class", _CLASSES), nullable=True),
        sa.Column("better_fact", _choice("better_fact", (*_FACTS, _ENHANCED)), nullable=True),
        sa.Column("fact_id", sa.Uuid(), nullable=True),
        sa.Column("held_class", _choice("held_class", _CLASSES), nullable=False),
        sa.Column("for_better", sa.Boolean(), nullable=False),
        sa.Column("state", _choice("state", ("proposed", "in-force", "refused")), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(kind = 'judge') = (judged_class IS NOT NULL)",
            name=op.f("ck_class_change_kind_parts"),
        ),
        sa.CheckConstraint(
            "(kind = 'better-fact') = (better_fact IS NOT NULL)",
            name=op.f("ck_class_change_better_fact_named"),
        ),
        sa.CheckConstraint(
            "(fact_id IS NOT NULL) ="
            " (kind = 'end-fact' OR (kind = 'better-fact' AND state = 'in-force'))",
            name=op.f("ck_class_change_fact_named"),
        ),
        sa.CheckConstraint(
            "state = 'refused' OR decided_by_id IS NULL OR decided_by_id <> proposed_by_id",
            name=op.f("ck_class_change_duties_apart"),
        ),
        sa.CheckConstraint(
            "NOT for_better OR (state = 'proposed') = (decided_by_id IS NULL)",
            name=op.f("ck_class_change_better_by_two"),
        ),
        sa.CheckConstraint(
            "(state = 'proposed') = (decided_on IS NULL)",
            name=op.f("ck_class_change_decided_day"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_class_change_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["fact_id"], ["loan_fact.id"], name=op.f("fk_class_change_fact_id_loan_fact")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_class_change_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_change")),
        sa.UniqueConstraint("number", name=op.f("uq_class_change_number")),
    )


def _index_class_changes() -> None:
    op.create_index(
        "ix_class_change_bank_decided", "class_change", ["bank_id", "decided_on"], unique=False
    )
    op.create_index(op.f("ix_class_change_loan_id"), "class_change", ["loan_id"], unique=False)
    waiting = sa.text("state = 'proposed'")
    op.create_index(
        "uq_class_change_waiting",
        "class_change",
        ["loan_id"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )


def _create_observations() -> None:
    op.create_table(
        "loan_observation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("fact_id", sa.Uuid(), nullable=False),
        sa.Column("change_number", sa.String(length=20), nullable=False),
        sa.Column("first_due_on", sa.Date(), nullable=False),
        sa.Column("started_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["fact_id"], ["loan_fact.id"], name=op.f("fk_loan_observation_fact_id_loan_fact")
        ),
        sa.ForeignKeyConstraint(
            ["loan_id"], ["loan.id"], name=op.f("fk_loan_observation_loan_id_loan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_observation")),
    )
    op.create_index(
        op.f("ix_loan_observation_loan_id"), "loan_observation", ["loan_id"], unique=False
    )
    running = sa.text("ended_on IS NULL")
    op.create_index(
        "uq_loan_observation_open",
        "loan_observation",
        ["fact_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )


def _create_loan_changes() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    states = ("proposed", "approved", "carried-out", "refused", "withdrawn")
    op.create_table(
        "loan_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("loan_id", sa.Uuid(), nullable=False),
        sa.Column("bank_id", sa.Uuid(), nullable=False),
        sa.Column("kind", _choice("kind", ("extension", "restructuring")), nullable=False),
        sa.Column("state", _choice("state", states), nullable=False),
        sa.Column("signed_until_on", sa.Date(), nullable=False),
        sa.Column("before_on", sa.Date(), nullable=False),
        sa.Column("matures_on", sa.Date(), nullable=False),
        sa.Column("longest_on", sa.Date(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("plan", json, nullable=True),
        sa.Column("financial_difficulty", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=1000), nullable=False),
        sa.Column("consent", sa.String(length=500), nullable=False),
        sa.Column("registered_until", sa.Date(), nullable=True),
        sa.Column("checks", json, nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("proposed_by_id", sa.Uuid(), nullable=False),
        sa.Column("decided_by_id", sa.Uuid(), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("carried_out_by_id", sa.Uuid(), nullable=True),
        sa.Column("carried_out_on", sa.Date(), nullable=True),
        sa.Column("withdrawn_note", sa.String(length=500), nullable=False),
        sa.Column("withdrawn_by_id", sa.Uuid(), nullable=True),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "matures_on >= before_on AND before_on >= signed_until_on",
            name=op.f("ck_loan_change_later"),
        ),
        sa.CheckConstraint(
            "decided_by_id IS NULL OR decided_by_id <> proposed_by_id",
            name=op.f("ck_loan_change_duties_apart"),
        ),
        sa.CheckConstraint(
            "carried_out_by_id IS NULL OR carried_out_by_id <> decided_by_id",
            name=op.f("ck_loan_change_carried_out_apart"),
        ),
        sa.CheckConstraint(
            "(state = 'carried-out') = (carried_out_on IS NOT NULL)",
            name=op.f("ck_loan_change_carried_out_day"),
        ),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (decided_on IS NULL)",
            name=op.f("ck_loan_change_decided_day"),
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_on IS NOT NULL)"
            " AND (withdrawn_on IS NULL) = (withdrawn_by_id IS NULL)",
            name=op.f("ck_loan_change_withdrawn_day"),
        ),
        sa.ForeignKeyConstraint(
            ["bank_id"], ["organisation.id"], name=op.f("fk_loan_change_bank_id_organisation")
        ),
        sa.ForeignKeyConstraint(["loan_id"], ["loan.id"], name=op.f("fk_loan_change_loan_id_loan")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loan_change")),
        sa.UniqueConstraint("number", name=op.f("uq_loan_change_number")),
    )


def _index_loan_changes() -> None:
    op.create_index(op.f("ix_loan_change_bank_id"), "loan_change", ["bank_id"], unique=False)
    op.create_index(op.f("ix_loan_change_loan_id"), "loan_change", ["loan_id"], unique=False)
    waiting = sa.text("state IN ('proposed', 'approved')")
    op.create_index(
        "uq_loan_change_waiting",
        "loan_change",
        ["loan_id"],
        unique=True,
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
