"""Files of repayments: the states of a batch and of its rows."""

from enum import StrEnum

from app.kernel.text import N_


class BatchState(StrEnum):
    """How far a batch has come."""

    WAITING = "waiting"
    FINISHED = "finished"


class RowState(StrEnum):
    """What became of a row."""

    WAITING = "waiting"
    BOOKED = "booked"
    KNOWN = "known"
    """Booked before, by this key: not booked again."""
    REFUSED = "refused"


BATCH_TITLES = {
    BatchState.WAITING: N_("Being booked"),
    BatchState.FINISHED: N_("Finished"),
}

ROW_TITLES = {
    RowState.WAITING: N_("Waiting to be booked"),
    RowState.BOOKED: N_("Taken into the books"),
    RowState.KNOWN: N_("Booked before"),
    RowState.REFUSED: N_("Refused"),
}
