"""Calls cut off at any point: cancelled, interrupted, out of time. Nothing is left of them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from cmdop_browser import AsyncCMDOPClient, CMDOPClient
from cmdop_browser.exceptions import CMDOPError
from tests.agents import RunningAgent
from tests.process.faults import calls, faults
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import psutil

    from tests.site import WebSite

LIMIT: Final = 3
# Longer than the tests last: nothing in them may end for want of time unless it is told to.
LONG: Final = 60.0
# Within these lie all points of a call but the last ones of a slow machine.
DELAYS: Final = st.floats(0.0, 0.3)
_LARGE: Final = "document.body.innerText = 'x'.repeat(6 << 20)"

Way = Literal["cancel", "deadline"]


@dataclass(frozen=True)
class Cut:
    """One call and where it is cut off."""

    call: str
    way: Way
    delay: float


OF_A_SESSION: Final = (*calls.ARGUMENTS, "large", "gate")
OF_THE_CLIENT: Final = ("create", "create in the queue", "fetch")
# One kind is not drawn for its number of calls: most of what can be left behind is of the second.
CUTS: Final = st.builds(
    Cut,
    st.one_of(st.sampled_from(OF_A_SESSION), st.sampled_from(OF_THE_CLIENT)),
    st.sampled_from(["cancel", "deadline"]),
    DELAYS,
)
# The examples are real calls to a real browser: those that failed are worth more than smaller ones.
FEW: Final = settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)


class Blocking:
    """Makes calls on the blocking client, and interrupts them as Ctrl-C does."""

    def __init__(self) -> None:
        self.client: Any = self.make(CMDOPClient, "local")

    def make(self, owner: Any, path: str, *given: Any, **options: Any) -> Any:
        """Make a call in peace."""
        return _at(owner, path)(*given, **options)

    def cut(self, delay: float, owner: Any, path: str, *given: Any, **options: Any) -> Any:
        """Make a call that is interrupted after *delay*; what it came to, None when it was."""

        def strike(_number: int, _frame: object) -> None:
            raise KeyboardInterrupt

        result = None
        before = signal.signal(signal.SIGALRM, strike)
        try:
            signal.setitimer(signal.ITIMER_REAL, max(delay, 1e-6))
            result = self.make(owner, path, *given, **options)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except KeyboardInterrupt:
            pass  # in the very moment in which it came, perhaps
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        return result

    def close(self) -> None:
        self.client.close()


class Cancelling:
    """Makes calls on the async client, and cancels the tasks that make them."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self.client: Any = self.make(AsyncCMDOPClient, "local")

    def make(self, owner: Any, path: str, *given: Any, **options: Any) -> Any:
        """Make a call in peace."""

        async def made() -> Any:
            return await _at(owner, path)(*given, **options)

        return self._runner.run(made())

    def cut(self, delay: float, owner: Any, path: str, *given: Any, **options: Any) -> Any:
        """Make a call that is cancelled after *delay*; what it came to, None when it was."""

        async def made() -> Any:
            return await _at(owner, path)(*given, **options)

        async def cancelled() -> Any:
            task = asyncio.ensure_future(made())
            await asyncio.wait({task}, timeout=delay)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                return await task
            return None

        return self._runner.run(cancelled())

    def close(self) -> None:
        self.make(self.client, "close")
        self._runner.close()


def _at(owner: Any, path: str) -> Callable[..., Any]:
    found: Callable[..., Any] = reduce(getattr, path.split("."), owner)
    return found


class World:
    """An agent, a client that is cut off again and again, and what should be open.

    Attributes:
        held: The sessions that the client has handles of, by their ids.
    """

    def __init__(self, agent: RunningAgent, site: WebSite, actor: Blocking | Cancelling) -> None:
        self.agent = agent
        self.site = site
        self.actor = actor
        self.held: dict[str, Any] = {}
        self._tokens = itertools.count()

    # What is done

    def create(self, **options: Any) -> Any:
        session = self.actor.make(
            self.actor.client, "browser.create_session", timeout=LONG, queue_timeout=0.0, **options
        )
        self.held[session.id] = session
        return session

    def close(self, session: Any) -> None:
        self.actor.make(session, "close")
        del self.held[session.id]

    def cut(self, session: Any, cut: Cut) -> None:
        """Make the call and cut it off."""
        if cut.call == "create in the queue":
            with self._full():
                self._cut_create(cut, LONG)
        elif cut.call == "create":
            self._cut_create(cut, 0.0)
        elif cut.call == "fetch":
            self._made(cut, self.actor.client, "browser.fetch", self.site.at("/plain.html"))
        else:
            self._cut_session(session, cut)

    def cut_read(self, session: Any, cut: Cut) -> None:
        """The same for a read, on the page as it is."""
        self._made(cut, session, cut.call)

    def _cut_create(self, cut: Cut, queue_timeout: float) -> None:
        made = self._made(cut, self.actor.client, "browser.create_session", queue_timeout=queue_timeout)
        if made is not None:
            self.held[made.id] = made

    def _cut_session(self, session: Any, cut: Cut) -> None:
        self.actor.make(session, "evaluate", calls.FORM)
        if cut.call == "large":
            self.actor.make(session, "evaluate", _LARGE)
            self._made(cut, session, "dom.soup")
        elif cut.call == "gate":
            self._made(cut, session, "navigate", self.site.at(f"/hang/{next(self._tokens)}"))
        else:
            given, options = calls.arguments(cut.call, self.site.url)
            self._made(cut, session, cut.call, *given, **options)
        if session.is_closed:
            del self.held[session.id]

    def _made(self, cut: Cut, owner: Any, path: str, *given: Any, **options: Any) -> Any:
        """Make a call that is cut off in its way; what it came to, None when that is nothing."""
        name = path.rpartition(".")[2]
        try:
            if cut.way == "deadline" and name not in calls.UNTIMED:
                if name in {"fetch", "create_session"}:
                    options["queue_timeout"] = min(options.get("queue_timeout", 0.0), cut.delay)
                return self.actor.make(owner, path, *given, timeout=max(cut.delay, 0.001), **options)
            if name not in calls.UNTIMED:
                options["timeout"] = LONG
            return self.actor.cut(cut.delay, owner, path, *given, **options)
        except CMDOPError:
            return None

    @contextlib.contextmanager
    def _full(self) -> Iterator[None]:
        """Have no slot free during the block."""
        others = [self.create() for _ in range(LIMIT - len(self.held))]
        yield
        for session in others:
            self.close(session)

    # What has to be

    def check(self) -> None:
        """Hold the agent to what should be open, and every session to its own answers."""
        eventually(self._is_as_it_should_be, within=LONG)
        for session in list(self.held.values()):
            token = f"answer-{next(self._tokens)}"
            assert self.actor.make(session, "evaluate", f"'{token}'", timeout=LONG) == token
            came = self.actor.make(session, "navigate", self.site.at(f"/echo/{token}"), timeout=LONG)
            assert came.url == self.site.at(f"/echo/{token}")
            assert token in self.actor.make(session, "url", timeout=LONG)

    def _is_as_it_should_be(self) -> bool:
        with CMDOPClient.local() as looking:
            pressure = looking.agent_info.pressure
            sessions = {info.id for info in looking.browser.list_sessions()}
        return sessions == set(self.held) and (pressure.active, pressure.queued) == (len(self.held), 0)

    def empty(self) -> None:
        for session in list(self.held.values()):
            self.close(session)
        self.check()


@pytest.fixture(scope="module", params=[Cancelling, Blocking], ids=["async", "sync"])
def world(request: pytest.FixtureRequest, site: WebSite) -> Iterator[World]:
    with RunningAgent(max_sessions=LIMIT, shards=1) as agent, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        actor = request.param()
        yield World(agent, site, actor)
        actor.close()


@FEW
@given(cuts=st.lists(CUTS, min_size=1, max_size=5))
def test_nothing_is_left_of_calls_that_are_cut_off(world: World, cuts: list[Cut]) -> None:
    session = world.create()
    for cut in cuts:
        if session.is_closed:
            session = world.create()
        world.cut(session, cut)
        world.check()
        for extra in [each for each in world.held.values() if each is not session]:
            world.close(extra)
    world.empty()


@FEW
@given(delays=st.lists(DELAYS, min_size=1, max_size=4), way=st.sampled_from(["cancel", "deadline"]))
def test_nothing_is_left_of_calls_on_a_session_that_is_being_rebuilt(
    world: World, delays: list[float], way: Way
) -> None:
    session = world.create(on_crash="restore")
    world.actor.make(session, "navigate", world.site.at("/plain.html"))
    for delay in delays:
        for process in renderers(world.agent):
            process.kill()
        world.cut_read(session, Cut("title", way, delay))
        # A read is made again, whatever of the loss is known by then; an act would not be.
        assert world.actor.make(session, "title", timeout=LONG) is not None
        world.check()
    world.empty()


def renderers(agent: RunningAgent) -> list[psutil.Process]:
    """The processes of the agent's pages."""
    return faults.below(agent.process.pid, faults.is_renderer)


# Real signals to a real process

_SCRIPT: Final = """
import asyncio, signal, sys
from cmdop_browser import AsyncCMDOPClient, CMDOPClient

url = sys.argv[2]

def blocking():
    with CMDOPClient.local() as client:
        session = client.browser.create_session()
        try:
            print("begun", flush=True)
            if sys.argv[3] == "navigate":
                session.navigate(url)
            else:
                client.browser.create_session(queue_timeout=100.0)
        except KeyboardInterrupt:
            # The very next call is answered for itself.
            print(session.evaluate("'own answer'"), flush=True)
            sys.stdin.read()
            raise

async def asynchronous():
    async with AsyncCMDOPClient.local() as client:
        session = await client.browser.create_session()
        try:
            print("begun", flush=True)
            if sys.argv[3] == "navigate":
                await session.navigate(url)
            else:
                await client.browser.create_session(queue_timeout=100.0)
        except asyncio.CancelledError:
            print(await session.evaluate("'own answer'"), flush=True)
            await asyncio.to_thread(sys.stdin.read)
            raise

blocking() if sys.argv[1] == "sync" else asyncio.run(asynchronous())
"""


@pytest.fixture(scope="module")
def small() -> Iterator[RunningAgent]:
    """An agent of one slot, which is not free before its client says so."""
    with RunningAgent(max_sessions=1, lease_grace=LONG) as agent:
        yield agent


@pytest.mark.parametrize("flavour_name", ["async", "sync"])
@pytest.mark.parametrize("call", ["navigate", "create"])
def test_ctrl_c_ends_a_script_in_good_order(
    site: WebSite, monkeypatch: pytest.MonkeyPatch, small: RunningAgent, flavour_name: str, call: str
) -> None:
    gate = f"/gate/ctrl-c-{flavour_name}"
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(small.runtime_dir))
    with (
        subprocess.Popen(
            [sys.executable, "-c", _SCRIPT, flavour_name, site.at(gate), call],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as script,
        CMDOPClient.local() as looking,
    ):
        assert script.stdout is not None
        assert script.stdin is not None
        assert script.stdout.readline() == "begun\n"
        if call == "navigate":
            site.records.wait_for(gate)
        else:
            eventually(lambda: pressure().queued == 1)
        os.kill(script.pid, signal.SIGINT)
        assert script.stdout.readline() == "own answer\n"
        eventually(lambda: (pressure().active, pressure().queued) == (1, 0))
        assert len(looking.browser.list_sessions()) == 1
        script.stdin.close()
        assert script.wait(30) in {-signal.SIGINT, 1}
        assert script.stderr is not None
        assert "KeyboardInterrupt" in script.stderr.read()
        # Not the end of the lease, but the client's own word.
        assert looking.browser.list_sessions() == []


def pressure() -> Any:
    with CMDOPClient.local() as looking:
        return looking.agent_info.pressure
