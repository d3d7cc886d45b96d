"""A careless pattern and a hostile text: the match ends, and the next one is made."""

import re
import signal
import threading
import time

import pytest

from tojimari.core.errors import HostError
from tojimari.services.fingerprints.patience import LONGEST, Patience

SECONDS = 0.05


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 40 + "b"),
        (r"(?:\w+\s?)+:", "a" * 60),
        (r"(.*)(.*)(.*)(.*)(.*)x", "y" * LONGEST),
        (r"^(.*a){12}$", "a" * 30 + "b" * 900),
    ],
)
def test_a_match_that_would_not_end_is_ended(pattern: str, text: str) -> None:
    patience = Patience(SECONDS)
    began = time.process_time()
    with patience.timer():
        assert patience.search(re.compile(pattern), text) == (None, False)
        found, in_time = patience.search(re.compile(r"b|a|y"), text)
    assert time.process_time() - began < 20 * SECONDS
    assert (found is not None, in_time) == (True, True)


def test_no_more_is_looked_at_than_a_greeting_may_have() -> None:
    patience = Patience(SECONDS)
    with patience.timer():
        assert patience.search(re.compile("x"), "." * LONGEST + "x") == (None, True)


def test_the_timer_that_was_there_is_put_back() -> None:
    before = signal.getsignal(signal.SIGVTALRM)
    with Patience().timer():
        assert signal.getsignal(signal.SIGVTALRM) != before
    assert signal.getsignal(signal.SIGVTALRM) == before
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0, 0)


def test_in_another_thread_it_is_said_that_there_is_no_timer() -> None:
    said: list[str] = []

    def elsewhere() -> None:
        with pytest.raises(HostError) as error, Patience().timer():
            pass
        said.append(str(error.value))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert "main thread" in said[0]
