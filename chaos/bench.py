"""Where trials are made: an agent that its clients start, a bystander in another browser, and the site."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import time
from typing import TYPE_CHECKING, Any, Final

import psutil

from cmdop_browser import AsyncCMDOPClient
from cmdop_browser.discovery import find
from cmdop_browser.exceptions import CMDOPError
from cmdop_browser.settings import Settings
from tests.flavours import Flavour
from tests.process.faults.faults import is_browser, is_driver, is_renderer
from tests.site import WebSite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

# Longer than anything here takes; what passes it hangs.
PATIENCE: Final = 30.0
_POLL: Final = 0.01
# What was lost is on its way again sooner.
_REST_SECONDS: Final = 0.3
# Two browsers, so that there is one that a fault does not concern; three sessions fill the agent.
# Who has not found out in time why a call failed is not told in time that it did: on a machine
# that others keep busy, one second is not enough.
_SETTINGS: Final = {
    "CMDOP_SHARDS": "2",
    "CMDOP_MAX_SESSIONS": "3",
    "CMDOP_LEASE_GRACE": "1.0",
    "CMDOP_SESSION_MEMORY": "300",
    "CMDOP_SPAWN_IDLE_EXIT": "60",
    "CMDOP_EVIDENCE": "off",
    "CMDOP_DIAGNOSIS_TIME": "3.0",
}
_MARKER: Final = "TMPDIR"


class Bench:
    """One agent at a time in directories of its own, with all that a trial needs.

    Attributes:
        site: What the pages are from.
        control: A client that is never struck, and never starts an agent by itself.
        bystander: A session in a browser that is not the victim's.
    """

    def __init__(self, place: Path, **settings: str) -> None:
        self.place = place
        self.site = WebSite()
        self.control: Any = None
        self.bystander: Any = None
        self._bystanders_driver: psutil.Process | None = None
        for name in ("run", "log", "tmp"):
            (place / name).mkdir()
        # Inherited by the agents that clients of this process start.
        os.environ.update(
            {**_SETTINGS, **settings},
            CMDOP_RUNTIME_DIR=str(place / "run"),
            CMDOP_LOG_DIR=str(place / "log"),
            CMDOP_CONFIG=str(place / "config.toml"),
            TMPDIR=str(place / "tmp"),
        )
        (place / "config.toml").touch()

    async def __aenter__(self) -> Bench:
        await asyncio.to_thread(self.site.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end_agent()
        await asyncio.to_thread(self.site.stop)

    # The agent

    @property
    def agent(self) -> psutil.Process:
        """The agent that runs now."""
        return psutil.Process(find("default", Settings.load()).pid)

    async def prepare(self) -> None:
        """Have an agent with nothing in it but the bystander."""
        for _ in range(2):
            try:
                if self.control is not None and await self._is_at_rest() and await self._is_fresh():
                    return
            except (CMDOPError, psutil.Error):
                pass  # whatever is wrong with it, another one is started
            await self.end_agent()
            await self._start()
        raise RuntimeError("an agent that was just started is not fresh")

    async def end_agent(self) -> None:
        """End the agent and all that belongs to this place, whatever state it is in."""
        if self.control is not None:
            with contextlib.suppress(CMDOPError):
                await self.control.close()
        self.control = self.bystander = None
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        await self.until(lambda: not self.processes(), "all processes have ended")
        for name in ("run", "tmp"):
            shutil.rmtree(self.place / name, ignore_errors=True)
            (self.place / name).mkdir(mode=0o700)

    async def _start(self) -> None:
        self.control = await AsyncCMDOPClient.local(start=True, timeout=PATIENCE)
        self.bystander = await self.control.browser.create_session(idle_timeout=3600.0)
        await self.bystander.navigate(self.site.at("/plain.html"))
        (self._bystanders_driver,) = self.below(is_driver)

    async def _is_at_rest(self) -> bool:
        """Wait until the victims' browser, or what takes its place, neither starts nor ends.

        As long as it has a page on its way that nobody waits for any more, the next session may as
        well get the bystander's browser.
        """
        before: set[psutil.Process] | None = None
        since = began = time.monotonic()
        while time.monotonic() - since < _REST_SECONDS:
            now = set(self.victims(lambda _: True))
            starting = len(_matching(now, is_driver)) != len(_matching(now, is_browser))
            if now != before or starting:
                before, since = now, time.monotonic()
            if time.monotonic() - began > PATIENCE:
                return False
            await asyncio.sleep(_REST_SECONDS / 5)
        return True

    async def _is_fresh(self) -> bool:
        (only,) = await self.control.browser.list_sessions(timeout=5.0)
        pressure = await self.pressure()
        driver = self._bystanders_driver
        return (
            only.id == self.bystander.id
            and (pressure.active, pressure.queued) == (1, 0)
            and driver is not None
            and driver.is_running()
            and await self.bystander.dom.count("body", timeout=5.0) == 1
        )

    # What is there

    async def pressure(self) -> Any:
        """How full the agent is now."""
        async with AsyncCMDOPClient.local(timeout=5.0) as client:
            return client.agent_info.pressure

    def processes(self) -> list[psutil.Process]:
        """All that belongs to this place, but this process and its other children."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                mine = process.environ().get("CMDOP_RUNTIME_DIR") == str(self.place / "run")
                if process.pid != os.getpid() and mine and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
        with contextlib.suppress(CMDOPError, psutil.Error):
            found += [process for process in self.below(lambda _: True) if process not in found]
        return found

    def below(self, wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        """The agent's processes whose command lines are wanted."""
        return _matching(self.agent.children(recursive=True), wanted)

    def victims(self, wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        """Those of them that are not the bystander's."""
        driver = self._bystanders_driver
        assert driver is not None
        spared = {driver, *driver.children(recursive=True)}
        return [process for process in self.below(wanted) if process not in spared]

    def is_victims(self, session_id: str) -> bool:
        """Whether a session that has asked for its id's page is in the victims' browser.

        No call tells which browser a session is in; the connection that its page came over does.
        """
        asked = [request for request in self.site.records.requests() if session_id in request.query]
        ports = {request.port for request in asked}
        connections = itertools.chain.from_iterable(
            _connections(each) for each in self.victims(lambda _: True)
        )
        return any(connection.laddr and connection.laddr.port in ports for connection in connections)

    # Waiting

    async def until(self, holds: Callable[[], object], what: str, *, within: float = PATIENCE) -> float:
        """Wait until *holds*; returns how long it took.

        Raises:
            TimeoutError: It does not hold in time.
        """
        began = time.monotonic()
        while not holds():
            if time.monotonic() - began > within:
                raise TimeoutError(f"not within {within:g} s: {what}")
            await asyncio.sleep(_POLL)
        return time.monotonic() - began

    async def have_no_browser(self, client: Any) -> None:
        """End the victims' browser so that the next session starts one."""
        # The last trial's browser may still be starting for a session that nobody wants any more.
        before = await client.browser.create_session(timeout=PATIENCE)
        await before.close()

        def gone() -> bool:
            # What was in use is started anew at once, and given up when that fails, too.
            for process in self.victims(is_driver):
                process.kill()
            return not self.victims(is_of_browser)

        await self.until(gone, "the browser is gone")

    async def victim_appears(self, wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
        """Wait for a process of the victim's browser that is only just starting."""
        found: list[psutil.Process] = []

        def there() -> bool:
            found[:] = self.victims(wanted)
            return bool(found)

        await self.until(there, "a process of a browser that starts")
        return found


def _connections(process: psutil.Process) -> list[Any]:
    try:
        return process.net_connections("tcp4")
    except psutil.Error:  # it has ended
        return []


def _matching(
    processes: Iterable[psutil.Process], wanted: Callable[[list[str]], bool]
) -> list[psutil.Process]:
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if wanted(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def is_of_browser(command: list[str]) -> bool:
    """Whether a process is a driver, a browser or below one; the agent's watchdog is not."""
    return is_driver(command) or is_browser(command) or any(word.startswith("--type=") for word in command)


def flavour_of(trial: int) -> Flavour:
    """The flavour of a trial's client: they take turns."""
    return Flavour("async" if trial % 2 == 0 else "sync")


__all__ = ["PATIENCE", "Bench", "flavour_of", "is_browser", "is_driver", "is_of_browser", "is_renderer"]
