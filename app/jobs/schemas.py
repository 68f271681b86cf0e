"""What the API says of jobs and their runs."""

import marshmallow as ma

from app.jobs.domain import RunState
from app.web.fields import Choice, Flag, Instant, Structure, Text, Whole
from app.web.schemas import BilingualSchema, ViewSchema


class RunSchema(ViewSchema):
    """One run for one planned slot; `detail` names the kind of error of a failed one."""

    job = Text(max_length=60)
    scope = Text(max_length=36)
    tick = Text(max_length=40)
    state = Choice(RunState)
    attempt = Whole(low=1, high=2**31)
    started_at = Instant()
    finished_at = Instant(allow_none=True)
    facts = Structure()
    detail = Text(max_length=300)


class JobSchema(ViewSchema):
    """A job: either every so many seconds, or daily at a time in Asia/Shanghai.

    A bank sees the runs for itself; `visible` is false of a job that runs for the whole platform, whatever it did.
    """

    name = Text(max_length=60)
    title = ma.fields.Nested(BilingualSchema)
    scope = Text(max_length=20)
    every_seconds = Whole(low=1, high=86_400, allow_none=True)
    daily_at = Text(max_length=5, allow_none=True)
    visible = Flag()
    last = ma.fields.Nested(RunSchema, allow_none=True)


class SchedulerSchema(ViewSchema):
    """A scheduler process; alive when seen within a minute."""

    owner = Text(max_length=120)
    started_at = Instant()
    seen_at = Instant()
    alive = Flag()


class JobStatusSchema(ViewSchema):
    """All jobs and schedulers."""

    jobs = ma.fields.List(ma.fields.Nested(JobSchema))
    schedulers = ma.fields.List(ma.fields.Nested(SchedulerSchema))
    alive = Flag()
