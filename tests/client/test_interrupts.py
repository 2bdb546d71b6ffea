"""Ctrl-C at any point of a blocking call: the next calls of the same client are answered."""

from __future__ import annotations

import contextlib
import random
import signal
import threading
from typing import TYPE_CHECKING, Any, Final

import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser import _methods as methods
from cmdop_browser._signals import Uninterrupted
from cmdop_browser.wire.v1 import common_pb2, dom_pb2, transfers_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.agent import FakeAgent

# Before gRPC's locks were guarded, one in a hundred left the client mute.
TIMES: Final = 500
# Longer than a call takes, so that some are interrupted between two calls.
LONGEST: Final = 0.003


class Struck(BaseException):
    """What the handler of a signal raises."""


@pytest.fixture
def alarm() -> Iterator[None]:
    """SIGALRM raises, as SIGINT does by default."""

    def strike(_number: int, _frame: object) -> None:
        raise Struck

    before = signal.signal(signal.SIGALRM, strike)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def strike_within(seconds: float, call: Any) -> bool:
    """Make calls until one is interrupted after so many seconds at most."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while True:
            call()
    except Struck:
        return True


@pytest.mark.usefixtures("alarm")
# A file that was just opened when the handler raised: Python closes it, and complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("what", ["a reply", "a stream"])
def test_a_client_that_was_interrupted_goes_on(fake_agent: FakeAgent, what: str) -> None:
    chance = random.Random(7)
    reply = common_pb2.Payload(transfer=common_pb2.TransferRef(transfer_id="t-1", size_bytes=6))
    fake_agent.answers[methods.HTML] = lambda _: dom_pb2.ContentReply(content=reply)
    fake_agent.streams[methods.DOWNLOAD] = lambda _: iter([transfers_pb2.Chunk(data=b"abc")] * 2)
    with CMDOPClient.local() as client, client.browser.create_session() as session:
        call = client.ping if what == "a reply" else session.dom.html
        for _ in range(TIMES):
            assert strike_within(chance.uniform(1e-5, LONGEST), call)
        # No longer than it would be without all that: pytest's own limit tells.
        assert client.ping() > 0
        assert session.dom.html() == "abcabc"


def raise_in_block(number: int, after: list[str], *blocks: Uninterrupted) -> None:
    with contextlib.ExitStack() as stack:
        for block in blocks:
            stack.enter_context(block)
        signal.raise_signal(number)
        after.append("went on")


@pytest.mark.usefixtures("alarm")
@pytest.mark.parametrize("blocks", [1, 2])
def test_what_came_in_a_block_comes_at_its_end(blocks: int) -> None:
    after: list[str] = []
    with pytest.raises(Struck):
        raise_in_block(signal.SIGALRM, after, *(Uninterrupted() for _ in range(blocks)))
    assert after == ["went on"]
    with pytest.raises(Struck):
        signal.raise_signal(signal.SIGALRM)


def test_ctrl_c_ends_a_wait_in_a_block() -> None:
    after: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        raise_in_block(signal.SIGINT, after, Uninterrupted(lambda: after.append("woken")))
    assert after == ["woken", "went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_that_raises_nothing_runs_and_ends_no_wait() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: came.append(number))
    woken = threading.Event()
    with Uninterrupted(woken.set):
        signal.raise_signal(signal.SIGUSR1)
        assert came == []
    assert (came, woken.is_set()) == ([signal.SIGUSR1], False)
    signal.signal(signal.SIGUSR1, before)


def test_other_threads_leave_handlers_alone() -> None:
    before = signal.getsignal(signal.SIGINT)

    def enter() -> None:
        with Uninterrupted():
            assert signal.getsignal(signal.SIGINT) is before

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
