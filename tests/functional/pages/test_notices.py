"""The page behind the bell."""

from app.notices.services import Notify, notify


def test_a_message_is_read_once_and_leads_to_what_it_is_about(
    sign_in, session, world, commit
) -> None:
    message = Notify(
        organisation_id=world.organisation("C1"),
        kind="test",
        template="Done: %(step)s.",
        facts={"step": "A-2024-000001"},
        href="/assets",
    )
    row = notify(session, message)
    commit()
    browser = sign_in("c1-fin")
    page = browser.get("/notices", status=200).text
    assert "A-2024-000001" in page
    assert "bell-dot" in browser.get("/assets", status=200).text
    path = f"/notices/{row.id}/read"
    sent = browser.submit(path, page="/notices", status=303)
    assert sent.headers["Location"] == "/assets"
    assert "bell-dot" not in browser.get("/assets", status=200).text
    other = sign_in("c2-fin")
    assert "A-2024-000001" not in other.get("/notices", status=200).text
