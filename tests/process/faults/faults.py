"""The faults: what takes a session, its page, its browser or its agent away, or holds it up."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import psutil

from cmdop_browser.exceptions import CloseReason
from tests.process.faults import standstill
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator

    from tests.process.faults.bench import Bench

    Wanted = Callable[[list[str]], bool]


@dataclass(frozen=True)
class Fault:
    """Something that ends sessions.

    Attributes:
        strike: Ends the session that it is given, and comes back when that is done.
        reason: What the calls on it say then.
        options: What the session is made with.
    """

    name: str
    strike: Callable[[Bench, Any], Awaitable[None]]
    reason: CloseReason
    options: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.name


# Processes, by their command lines


def command_of(process: psutil.Process) -> list[str]:
    """Its command line; empty once it has ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


def those(processes: Iterable[psutil.Process], is_wanted: Wanted) -> list[psutil.Process]:
    """Those that run and are wanted."""
    return [process for process in processes if is_wanted(command_of(process))]


def below(pid: int, is_wanted: Wanted) -> list[psutil.Process]:
    """Those that a process has started, themselves or by others, that run and are wanted."""
    return those(psutil.Process(pid).children(recursive=True), is_wanted)


def is_renderer(command: list[str]) -> bool:
    """Whether a process runs pages."""
    return "--type=renderer" in command


def is_browser(command: list[str]) -> bool:
    """Whether a process is the first one of a Chromium."""
    return any(word.startswith("--user-data-dir=") for word in command) and not any(
        word.startswith("--type=") for word in command
    )


def is_driver(command: list[str]) -> bool:
    """Whether a process is Playwright's driver."""
    return "run-driver" in command


@contextlib.contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Processes that stand still during the block; those that live on go on after it."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.suspend()
    # The signal is sent by then, and takes effect a moment later.
    eventually(lambda: all(_stands_still(process) for process in processes))
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()


def _stands_still(process: psutil.Process) -> bool:
    try:
        return process.status() in {psutil.STATUS_STOPPED, psutil.STATUS_ZOMBIE}
    except psutil.NoSuchProcess:  # an agent that is quick has ended it
        return True


@contextlib.contextmanager
def held_up(processes: list[psutil.Process]) -> Iterator[None]:
    """Processes that answer nobody during the block, and are not told by their state as stopped ones are."""
    with standstill.held(*(process.pid for process in processes)):
        yield


def without_children(browsers: Collection[psutil.Process]) -> set[psutil.Process]:
    """The browsers themselves: a child of one looks like it until it has become what it is to be."""
    pids = {browser.pid for browser in browsers}
    found = set()
    for browser in browsers:
        with contextlib.suppress(psutil.NoSuchProcess):
            if browser.ppid() not in pids:
                found.add(browser)
    return found


# Strikes


async def _close(_bench: Bench, session: Any) -> None:
    await session.close()


async def _idle(bench: Bench, session: Any) -> None:
    await bench.until_gone(session.id)


def _kill(is_wanted: Wanted) -> Callable[[Bench, Any], Awaitable[None]]:
    async def strike(bench: Bench, session: Any) -> None:
        async def kill_all() -> None:
            # One after the other: a browser that loses dozens of renderers in one moment may end itself.
            for process in bench.processes(is_wanted):
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
                    await asyncio.to_thread(process.wait, 10)

        await bench.once(kill_all)
        await bench.until_gone(session.id)

    return strike


async def _kill_agent(bench: Bench, _session: Any) -> None:
    await bench.once(bench.agent.kill)


async def _end_agent(bench: Bench, _session: Any) -> None:
    await bench.once(bench.agent.process.terminate)
    assert await asyncio.to_thread(bench.agent.process.wait, 30) == 0


_IDLE_SECONDS: Final = 1.5

CLOSED: Final = Fault("closed by its caller", _close, CloseReason.CLOSED_BY_CALLER)
RENDERER: Final = Fault("renderer killed", _kill(is_renderer), CloseReason.RENDERER_CRASH)
BROWSER: Final = Fault("browser killed", _kill(is_browser), CloseReason.BROWSER_CRASH)
DRIVER: Final = Fault("driver killed", _kill(is_driver), CloseReason.DRIVER_CRASH)
KILLED: Final = Fault("agent killed", _kill_agent, CloseReason.AGENT_RESTART)
ENDED: Final = Fault("agent terminated", _end_agent, CloseReason.SHUTDOWN)
IDLE: Final = Fault("idle", _idle, CloseReason.IDLE_TIMEOUT, (("idle_timeout", _IDLE_SECONDS),))

FAULTS: Final = (CLOSED, IDLE, RENDERER, BROWSER, DRIVER, ENDED)


# The client that made a session


_OTHER_CLIENT: Final = """
import sys
from cmdop_browser import CMDOPClient

client = CMDOPClient.local()
print(client.browser.create_session().id, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def session_of_another_client() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The id of a session, and the process whose client holds it."""
    with subprocess.Popen(
        [sys.executable, "-c", _OTHER_CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        yield other.stdout.readline().strip(), other
        other.kill()
