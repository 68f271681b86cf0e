"""The key that signs page tokens: given, or made once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.settings import Settings


def test_processes_that_start_at_once_sign_with_one_key(tmp_path):
    starts = 8
    gate = Barrier(starts)

    def start(_number: int) -> str:
        gate.wait()
        return Settings(home=tmp_path / "home", env="test").signing_key()

    with ThreadPoolExecutor(starts) as pool:
        (key,) = set(pool.map(start, range(starts)))
    assert len(key) >= 32
    (kept,) = (tmp_path / "home").iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("given", ["", "x" * 31])
def test_production_does_not_start_with_a_key_that_can_be_guessed(given):
    with pytest.raises(ValueError, match="GREENPLEDGE_SECRET_KEY"):
        Settings(env="production", secret_key=given).signing_key()


def test_production_signs_with_the_key_it_is_given():
    assert Settings(env="production", secret_key="x" * 32).signing_key() == "x" * 32
