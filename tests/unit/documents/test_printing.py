"""Documents printed one after the other: what fails is named, and stops nothing behind it."""

import threading
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from app.documents.printing import MAX_FAILED_NAMED, PrintRun, print_each

MISSING = [(UUID(int=place), f"D-{place}") for place in range(1, 5)]


class BrokenError(Exception):
    pass


def printer(*, broken=(), changed=()):
    """Prints all but some: at the broken it raises, of the changed it says that nothing may be printed."""

    def issue(subject_id):
        if subject_id.int in broken:
            raise BrokenError
        return None if subject_id.int in changed else subject_id

    return issue


@pytest.mark.parametrize("fault", ["broken", "changed"])
def test_one_that_cannot_be_printed_is_named_logged_and_stops_none_behind_it(fault):
    with capture_logs() as logs:
        run = print_each(MISSING, printer(**{fault: [1, 3]}))
    assert run == PrintRun(printed=2, failed=("D-1", "D-3"))
    assert [each["number"] for each in logs] == ["D-1", "D-3"]
    assert run.facts == {"printed": 2, "failed": 2, "waiting": 0, "not_printed": "D-1, D-3"}


def test_what_is_not_tried_before_the_service_stops_waits():
    stop, issued = threading.Event(), []

    def issue(subject_id):
        issued.append(subject_id)
        stop.set()
        return subject_id

    run = print_each(MISSING, issue, stop=stop)
    assert (run, len(issued)) == (PrintRun(printed=1, waiting=3), 1)
    assert run.facts == {"printed": 1, "failed": 0, "waiting": 3}


@pytest.mark.parametrize("more", [0, 1])
def test_the_result_of_a_run_names_so_many_and_says_that_there_are_more(more):
    count = MAX_FAILED_NAMED + more
    facts = PrintRun(failed=tuple(f"D-{place}" for place in range(count))).facts
    named = facts["not_printed"].split(", ")
    assert facts["failed"] == count
    assert named[MAX_FAILED_NAMED - 1] == f"D-{MAX_FAILED_NAMED - 1}"
    assert named[MAX_FAILED_NAMED:] == ["…"] * more
