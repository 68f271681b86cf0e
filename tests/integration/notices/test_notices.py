"""Messages reach their organisation; letters wait in the outbox until the mail takes them."""

from datetime import timedelta
from email import message_from_bytes
from email.policy import default as email_policy

import pytest
import sqlalchemy as sa
from pydantic import ValidationError

from app.kernel.errors import NotFound
from app.notices.domain import MAX_ATTEMPTS, MailState, wait_after
from app.notices.invariants import violations
from app.notices.mail import MemoryMail, mail_of
from app.notices.models import Notice, OutboxMail
from app.notices.queries import unread_count, visible_notices
from app.notices.services import Notify, deliver_due, mark_read, notify
from app.settings import Settings
from tests.support.mail_sink import mail_sink


def tell(session, world, code: str = "C1", addresses: tuple[str, ...] = ()) -> Notice:
    command = Notify(
        organisation_id=world.organisation(code),
        kind="top-up",
        template="A top-up notice for loan %(number)s was issued.",
        facts={"number": "L-2024-000001"},
        href="/loans/1",
        addresses=addresses,
        letter_subject="追加担保通知书",
        letter_body="L-2024-000001",
    )
    return notify(session, command)


def test_an_organisation_reads_its_own_messages_only(session, world) -> None:
    row = tell(session, world)
    c1, c2 = world.actor("c1-fin"), world.actor("c2-fin")
    assert unread_count(session, c1) == 1
    assert unread_count(session, c2) == 0
    assert session.execute(visible_notices(c2)).all() == []
    with pytest.raises(NotFound):
        mark_read(session, c2, row.id)
    mark_read(session, c1, row.id)
    assert unread_count(session, c1) == 0


@pytest.fixture
def outbox(database, world):
    """A letter in the outbox, and how it stands."""
    with database.write() as writing:
        tell(writing, world, addresses=("a@example.invalid",))

    def look() -> OutboxMail:
        with database.read() as reading:
            assert list(violations(reading)) == []
            row: OutboxMail = reading.execute(sa.select(OutboxMail)).scalar_one()
            return row

    return look


def test_a_letter_leaves_once(database, outbox) -> None:
    mail = MemoryMail()
    assert deliver_due(database, mail) == 1
    assert deliver_due(database, mail) == 0
    assert [letter.subject for letter in mail.letters] == ["追加担保通知书"]
    assert (outbox().state, outbox().attempts) == (MailState.SENT, 1)


def test_without_a_mail_server_a_letter_is_written_and_counts_as_sent_to_nobody(
    database, outbox, tmp_path
) -> None:
    mail = mail_of(Settings(home=tmp_path))
    assert deliver_due(database, mail) == 1
    assert deliver_due(database, mail) == 0
    (file,) = (tmp_path / "mail").iterdir()
    assert message_from_bytes(file.read_bytes())["To"] == "a@example.invalid"
    assert outbox().only_written


def test_a_letter_reaches_the_mail_server(database, outbox) -> None:
    with mail_sink() as sink:
        mail = mail_of(
            Settings(mail_server=sink.address, mail_security="none", mail_from="b@bank.invalid")
        )
        assert deliver_due(database, mail) == 1
    assert (sink.senders, sink.recipients) == (["b@bank.invalid"], ["a@example.invalid"])
    (raw,) = sink.messages
    message = message_from_bytes(raw, policy=email_policy)
    assert (message["From"], message["Subject"]) == ("b@bank.invalid", "追加担保通知书")
    assert message["Message-ID"] == f"<{outbox().id}@bank.invalid>"
    assert message["Date"]
    assert not outbox().only_written


def test_what_the_mail_server_refuses_is_a_failed_try_with_its_words(database, world, clock):
    with database.write() as writing:
        tell(writing, world, addresses=("nobody@example.invalid", "a@example.invalid"))
    with mail_sink() as sink:
        plain = {"mail_server": sink.address, "mail_from": "b@bank.invalid"}
        assert deliver_due(database, mail_of(Settings(mail_security="none", **plain))) == 1
        assert sink.recipients == ["a@example.invalid"], "one refused stops no other"
        clock.instant += wait_after(1)
        assert deliver_due(database, mail_of(Settings(**plain))) == 0, "never in the clear unasked"
    with database.read() as reading:
        refused = sa.select(OutboxMail).where(OutboxMail.state == MailState.WAITING)
        row = reading.execute(refused).scalar_one()
    assert (row.attempts, row.last_error.split(":")[0]) == (2, "SMTPNotSupportedError")


def test_the_words_of_a_refusal_are_kept_and_a_server_that_is_away_ends_the_run(
    database, world, clock
):
    with database.write() as writing:
        tell(writing, world, addresses=("nobody@example.invalid", "nobody2@example.invalid"))

    def tries() -> list[tuple[int, str]]:
        with database.read() as reading:
            rows = reading.execute(sa.select(OutboxMail).order_by(OutboxMail.id)).scalars()
            return [(row.attempts, row.last_error) for row in rows]

    with mail_sink() as sink:
        given = {"mail_server": sink.address, "mail_from": "b@bank.invalid"}
        mail = mail_of(Settings(mail_security="none", **given))
        deliver_due(database, mail)
    assert tries() == [(1, "550 5.1.1 No such user here")] * 2
    clock.instant += wait_after(1)
    deliver_due(database, mail)
    assert [attempts for attempts, _ in tries()] == [2, 1]
    assert tries()[0][1] == "ConnectionRefusedError: Connection refused"


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("mail_server", {"mail_server": "mail.example.com", "mail_from": "b@bank.invalid"}),
        ("mail_server", {"mail_server": "mail:65536", "mail_from": "b@bank.invalid"}),
        ("mail_from", {"mail_server": "mail:25"}),
        ("mail_user", {"mail_security": "none", "mail_user": "b"}),
    ],
)
def test_settings_of_mail_that_cannot_work_mean_no_start(name, given):
    with pytest.raises(ValidationError) as refused:
        Settings(**given)
    assert [each["loc"] for each in refused.value.errors()] == [(name,)]


def test_a_failed_letter_waits_longer_each_time_and_is_given_up_at_last(
    database, outbox, clock
) -> None:
    broken = MemoryMail(broken=True)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert outbox().state is MailState.WAITING
        assert deliver_due(database, broken) == 0
        assert outbox().attempts == attempt
        clock.instant += wait_after(attempt) - timedelta(seconds=1)
        assert deliver_due(database, broken) == 0
        assert outbox().attempts == attempt, "not before it is due"
        clock.instant += timedelta(seconds=1)
    assert outbox().state is MailState.FAILED
    assert deliver_due(database, MemoryMail()) == 0
