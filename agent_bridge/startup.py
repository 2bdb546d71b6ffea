"""The start of an agent: the lock, the record, what watches over it, and its first driver meanwhile."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.compiled import keep_compiled
from agent_bridge.browser.executable import find_browser
from agent_bridge.browser.starting import Drivers, mute_farewell
from agent_bridge.lifecycle import AgentLock, Publication, Report, new_record
from agent_bridge.observation import storage, tracing
from agent_bridge.observation.history import History
from agent_bridge.observation.log import name_instance
from agent_bridge.supervision import notify
from agent_bridge.supervision.adoption import Adoption
from agent_bridge.supervision.orphans import Workspace, sweep
from agent_bridge.supervision.watchdog import Watchdog
from cmdop_browser.exceptions import AgentExistsError, AgentStartError, CMDOPError, ConfigurationError
from cmdop_browser.wire.rendezvous import AgentPaths

if TYPE_CHECKING:
    from agent_bridge.server import AgentServer
    from cmdop_browser.settings import Settings

log = logging.getLogger(__name__)

EXIT_OK: Final = 0
EXIT_LOST: Final = 1
EXIT_USAGE: Final = 2
EXIT_EXISTS: Final = 3
EXIT_CANNOT_START: Final = 4


async def serve(
    agent: str,
    settings: Settings,
    *,
    idle_exit: float | None,
    ready_fd: int | None,
    turn_fd: int | None = None,
    supervised: bool = False,
) -> int:
    """Run an agent until it is told to stop.

    Args:
        agent: Its name.
        settings: Of this process.
        idle_exit: Seconds without clients and sessions after which it ends; None for never.
        ready_fd: Where to report, in one line, that it is ready or why it is not.
        turn_fd: The lock by which nobody else starts an agent, from whoever started this one.
        supervised: Whether a supervisor passes on, as SIGTERM, what it is told. A terminal
            tells both, and that is one order.

    Returns:
        The exit code of the process.
    """
    mute_farewell(asyncio.get_running_loop())
    report = Report(ready_fd)
    try:
        paths = AgentPaths.of(agent, settings.runtime_dir)
        with AgentLock.acquire(paths, turn_fd) as lock:
            sweep(paths)
            record = new_record(paths, agent)
            workspace = Workspace(paths, record)
            name_instance(agent, record.instance_id)
            browser = find_browser(settings)
            with (
                Adoption(),
                Watchdog(workspace.note),
                workspace,
                History(paths.history, record.instance_id) as history,
            ):
                keep_compiled()
                async with Drivers(workspace.restore) as drivers:
                    drivers.start_ahead()
                    # Half a second of imports, in which the driver starts.
                    server_class = await asyncio.to_thread(_load)
                    server = server_class(
                        paths, record, settings,
                        browser=browser, directory=workspace.directory, history=history, drivers=drivers,
                    )  # fmt: skip
                    await server.start(supervised=supervised)
                    publication = Publication(paths, record, lock)
                    await _until_told(agent, server, publication, report, idle_exit=idle_exit)
    except (CMDOPError, OSError) as exc:
        error = exc if isinstance(exc, CMDOPError) else _cannot_start(agent, exc)
        log.error("%s", error)  # noqa: TRY400 -- the error explains itself; a traceback would bury it
        report.failure(error)
        return _exit_code(error)
    # Nobody told it to end: who supervises it should start another.
    return EXIT_LOST if publication.lost.is_set() else EXIT_OK


async def _until_told(
    agent: str,
    server: AgentServer,
    publication: Publication,
    report: Report,
    *,
    idle_exit: float | None,
) -> None:
    """Have a server that listens be found by clients until it is to end, and drain it then."""
    async with publication:
        record = publication.record
        report.ready(record)
        notify.notify(notify.READY)
        log.info("agent %s ready on %s, instance %s", agent, record.socket, record.instance_id)
        await server.wait(publication, idle_exit)
        try:
            notify.notify(notify.STOPPING)
            server.give_way()
            publication.retire()
        finally:
            # Whatever that has come to, the sessions are not cut off.
            await server.drain()


def _load() -> type[AgentServer]:
    from agent_bridge.server import AgentServer  # noqa: PLC0415 -- said where it is called

    tracing.set_up()
    # What is loaded stays: looking through it for garbage would be in vain every time.
    gc.freeze()
    gc.enable()
    return AgentServer


def _cannot_start(agent: str, exc: OSError) -> AgentStartError:
    """The error for a system that refuses what every agent needs: a file, a socket, a process."""
    where = f": {exc.filename}" if exc.filename else ""
    no_room = exc.errno in storage.NO_ROOM
    return AgentStartError(
        agent=agent,
        reason=f"{(exc.strerror or str(exc)).lower()}{where}",
        tips=(
            ("make room there, or set CMDOP_RUNTIME_DIR to a directory on another disk",) if no_room else ()
        )
        + ("find out what is missing: cmdop-browser doctor",),
    )


def _exit_code(error: CMDOPError) -> int:
    """That of a process which cannot serve because of *error*."""
    if isinstance(error, AgentExistsError):
        return EXIT_EXISTS
    return EXIT_USAGE if isinstance(error, ConfigurationError) else EXIT_CANNOT_START
