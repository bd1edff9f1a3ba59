"""The collector of garbage waits for a block and comes back after it."""

import gc
import subprocess
import sys
from collections.abc import Iterator

import pytest

from hologres_ai.collecting import collected_later, never_collected


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    gc.enable()


def test_it_waits_for_the_block() -> None:
    with collected_later():
        assert not gc.isenabled()
        with collected_later():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_it_comes_back_after_a_failure() -> None:
    @collected_later()
    def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert gc.isenabled()


def test_it_stays_away_where_somebody_else_sent_it() -> None:
    gc.disable()
    with collected_later():
        assert not gc.isenabled()
    assert not gc.isenabled()


@pytest.mark.parametrize("module", ["", ".plugin", ".testing", ".dynamic"])
def test_an_import_in_a_program_of_somebody_elses_freezes_nothing(module: str) -> None:
    program = f"import gc, hologres_ai{module}; print(gc.get_freeze_count(), gc.isenabled())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0", "True"]


def test_what_lasts_is_not_looked_at_again() -> None:
    frozen = gc.get_freeze_count()
    try:
        with never_collected():
            made = [[] for _ in range(1000)]  # type: list[list[None]]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= frozen + len(made)
    finally:
        gc.unfreeze()
