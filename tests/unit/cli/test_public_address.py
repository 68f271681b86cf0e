"""Documents lead to the service that printed them, whatever its port."""

import pytest

from app.cli.supervisor import print_own_address
from app.documents.files import check_address
from app.settings import read_settings


@pytest.mark.parametrize(
    ("host", "port", "printed"),
    [
        ("127.0.0.1", 8513, "http://127.0.0.1:8513/verify/ABC"),
        ("0.0.0.0", 8000, "http://127.0.0.1:8000/verify/ABC"),
        ("::1", 8514, "http://[::1]:8514/verify/ABC"),
    ],
)
def test_printed_addresses_follow_the_port_unless_they_are_set(monkeypatch, host, port, printed):
    # Set first, so that the test's end takes back what the service sets.
    monkeypatch.setenv("GREENPLEDGE_PUBLIC_URL", "https://bank.example.com/")
    print_own_address(read_settings(), host, port)
    assert check_address("ABC") == "https://bank.example.com/verify/ABC"
    monkeypatch.delenv("GREENPLEDGE_PUBLIC_URL")
    print_own_address(read_settings(), host, port)
    assert check_address("ABC") == printed
