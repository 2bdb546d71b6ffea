"""An agent and a client of it in each flavour, on which faults are tried out."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import psutil

from tests.agents import RunningAgent
from tests.flavours import InThread, Together, asking_for, in_both
from tests.process.faults import calls, faults
from tests.waiting import until_offline

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping
    from types import TracebackType

    from tests.flavours import Flavour
    from tests.site import WebSite

# Longer than the tests last: nothing in them may end for want of time unless it is told to.
LONG: Final = 40.0


class Place:
    """An agent with one browser, started again when a fault took it away.

    Attributes:
        agent: The agent that runs now.
        site: What the pages are from.
    """

    def __init__(self, site: WebSite) -> None:
        self.site = site
        self._directory = tempfile.TemporaryDirectory(prefix="cmdop-bench-")
        self._agents = contextlib.ExitStack()

    @property
    def runtime_dir(self) -> Path:
        """Where clients and agent meet."""
        return Path(self._directory.name)

    def __enter__(self) -> Self:
        self.start_agent()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._agents.close()
        self._directory.cleanup()

    def start_agent(self) -> None:
        """Start an agent in place of the one that has ended."""
        self._agents.close()
        self.agent = self._agents.enter_context(
            RunningAgent(
                self.runtime_dir,
                shards=1,
                max_sessions=2 * len(calls.ARGUMENTS),
                lease_grace=0.05,
                drain_timeout=0.3,
                hang_time=LONG,
            )
        )

    def replace_agent(self) -> None:
        """Kill the agent and start another."""
        self.agent.kill()
        self.start_agent()

    @property
    def agent_process(self) -> psutil.Process:
        """The agent itself."""
        return psutil.Process(self.agent.process.pid)

    def processes(self, is_wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        """The agent's processes whose command lines are wanted; at least one."""
        found = faults.below(self.agent.process.pid, is_wanted)
        assert found
        return found


class Bench:
    """A client in one flavour at a place that it shares with one in the other.

    Attributes:
        client: The client under test.
        place: Where its agent is.
    """

    def __init__(self, flavour: Flavour, place: Place) -> None:
        self.flavour = flavour
        self.place = place
        self._threads = ThreadPoolExecutor(len(calls.ARGUMENTS) + 2)
        self._clients = contextlib.AsyncExitStack()
        self._both: Together | None = None

    async def __aenter__(self) -> Self:
        self.client = await self._clients.enter_async_context(self.flavour.local())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._clients.aclose()
        self._threads.shutdown()

    # Faults

    @contextlib.contextmanager
    def beside_the_other(self, both: Together) -> Iterator[None]:
        """During the block a fault is brought about once, when both benches want it."""
        self._both = both
        yield
        self._both = None

    async def once(self, strike: Callable[[], object]) -> None:
        """Bring a fault about, with the other bench if there is one that does the same."""
        if self._both is not None:
            await self._both.once(strike)
        elif inspect.isawaitable(done := strike()):
            await done

    @contextlib.asynccontextmanager
    async def during(
        self, fault: Callable[[], contextlib.AbstractContextManager[None]]
    ) -> AsyncIterator[None]:
        """Keep a fault up for the block, with the other bench if there is one that does the same."""
        if self._both is not None:
            async with self._both.during(fault):
                yield
        else:
            with fault():
                yield

    async def kill(self, is_wanted: Callable[[list[str]], bool]) -> None:
        """Kill the agent's processes whose command lines are wanted."""

        def kill_all() -> None:
            for process in self.processes(is_wanted):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()

        await self.once(kill_all)

    # The agent

    @property
    def site(self) -> WebSite:
        """What the pages are from."""
        return self.place.site

    @property
    def runtime_dir(self) -> Path:
        """Where client and agent meet."""
        return self.place.runtime_dir

    @property
    def agent(self) -> RunningAgent:
        """The agent that runs now."""
        return self.place.agent

    @property
    def agent_process(self) -> psutil.Process:
        """The agent itself."""
        return self.place.agent_process

    def processes(self, is_wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        """The agent's processes whose command lines are wanted; at least one."""
        return self.place.processes(is_wanted)

    async def repair(self) -> None:
        """Have an agent, and the client connected to it, whatever the last fault left."""
        if self.agent.process.poll() is not None:
            self.place.start_agent()
        await self.client.reconnect()

    async def noticed(self) -> None:
        """Wait until the client knows that its connection is broken."""
        await until_offline(self.client)

    # Sessions

    async def handles(self, session: Any, count: int) -> list[Any]:
        """Other handles of a session, none of which knows yet that it has ended.

        It is at work until all are there, so one that ends when it is idle ends after that.
        """
        gate = session.id
        working = asyncio.ensure_future(session.navigate(self.site.at(f"/gate/{gate}"), timeout=LONG))
        await self.site.records.arrival(f"/gate/{gate}")
        handles = [await self.client.browser.get_session(session.id) for _ in range(count)]
        self.site.open_gate(gate)
        await working
        return handles

    async def sessions(self, count: int, **options: Any) -> list[Any]:
        """As many sessions, made at once."""
        making = [self.client.browser.create_session(timeout=LONG, **options) for _ in range(count)]
        return list(await asyncio.gather(*making))

    async def until_gone(self, session_id: str) -> None:
        """Wait until the agent has ended a session."""
        await self._until(lambda sessions: session_id not in sessions)

    async def until_running(self, made: Mapping[str, asyncio.Future[Any]]) -> None:
        """Wait until each call, by its session's id, runs in the agent or is over already."""
        await self._until(
            lambda sessions: all(
                call.done() or (session_id in sessions and sessions[session_id].idle == 0)
                for session_id, call in made.items()
            )
        )

    async def _until(self, is_so: Callable[[Mapping[str, Any]], bool]) -> None:
        async with asyncio.timeout(LONG):
            while True:
                sessions = await self.client.browser.list_sessions()
                if is_so({info.id: info for info in sessions}):
                    return
                await asyncio.sleep(0.01)

    # Calls

    async def call(self, session: Any, name: str, timeout: float = LONG) -> Any:
        """Make a call and return what it came to."""
        given, options = calls.arguments(name, self.site.url)
        if name not in calls.UNTIMED:
            options["timeout"] = timeout
        owner, _, method = name.rpartition(".")
        return await self._outcome(getattr(session, owner) if owner else session, method, given, options)

    async def client_calls(
        self, timeout: float = LONG, *, client: Any = None, without: Collection[str] = ()
    ) -> dict[str, Any]:
        """Make the client's own calls one after the other; returns what each came to."""
        return {
            name: await self.client_call(name, timeout, client=client)
            for name in calls.CLIENT_ARGUMENTS
            if name not in without
        }

    async def client_call(self, name: str, timeout: float = LONG, *, client: Any = None) -> Any:
        """Make one of the client's own calls and return what it came to."""
        client = client or self.client
        given, options = calls.client_arguments(name, self.site.url), {"timeout": timeout}
        if name in {"create_session", "fetch"}:
            options["queue_timeout"] = 0.0
        if name == "local":
            return await self._connected(timeout)
        owner = client if hasattr(client, name) else client.browser
        return await self._outcome(owner, name, given, options)

    async def _connected(self, timeout: float) -> Any:
        try:
            async with self.flavour.local(timeout=timeout) as client:
                return client
        except Exception as exc:  # noqa: BLE001 -- what is raised is what the tests are about
            return exc

    async def _outcome(self, owner: Any, method: str, given: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if isinstance(owner, InThread):
            bound = getattr(owner.target, method)
            # Not in the loop's own threads, of which there are fewer than calls under way at once.
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, lambda: _outcome_of(bound, given, options)
            )
        try:
            return await getattr(owner, method)(*given, **options)
        except Exception as exc:  # noqa: BLE001 -- same
            return exc


def _outcome_of(bound: Callable[..., Any], given: tuple[Any, ...], options: dict[str, Any]) -> Any:
    try:
        return bound(*given, **options)
    except Exception as exc:  # noqa: BLE001 -- same
        return exc


def on_both_benches(test: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Do a test in both flavours at once, each with its ``bench``, so that a fault is needed only once."""

    @functools.wraps(test)
    async def run(benches: Mapping[str, Bench], **fixtures: Any) -> None:
        both = Together()

        async def part(flavour: Flavour) -> None:
            bench = benches[flavour.name]
            with bench.beside_the_other(both):
                await test(bench, **fixtures)

        await in_both(part)

    return asking_for(run, test, {"bench": "benches"})
