"""Starting an agent, of which there must be just one however many clients want it."""

from __future__ import annotations

import contextlib
import json
import logging
import random
import time
from typing import TYPE_CHECKING, Final

from cmdop_browser import _spawn
from cmdop_browser._acompat import async_sleep, async_wait_readable
from cmdop_browser._halt import LOOK_SECONDS
from cmdop_browser.discovery import find
from cmdop_browser.exceptions import (
    AgentExistsError,
    AgentNotRunningError,
    AgentStartError,
    CMDOPError,
    StalePortFileError,
    error_from_dict,
)
from cmdop_browser.wire.rendezvous import (
    AgentPaths,
    DiscoveryRecord,
    FileLock,
    boot_id,
    end_halted,
    end_if,
    heartbeat,
    is_halted,
    is_supervised,
    process_start_time,
    shortages,
    why_not_yet,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser.settings import Settings

# Between two looks at a lock or a record; with jitter, so that fifty do not look at once.
_PAUSE: Final = 0.02
# From closing its pipe to the end of its process.
_EXIT_SECONDS: Final = 2.0
# An agent gives a sign of life every second, unless its event loop hangs or the machine is
# far too busy. Supervisors give up sooner: they know that nobody debugs it.
_HANG_SECONDS: Final = 30.0

_log = logging.getLogger("cmdop_browser.launcher")


async def ensure_agent(agent: str, settings: Settings, *, timeout: float) -> DiscoveryRecord:
    """Find the agent called *agent*, or start it when there is none.

    Args:
        agent: Its name.
        settings: Those of the client; the agent is started with the same.
        timeout: Seconds for all of it.

    Raises:
        AgentStartError: It did not become ready, or not in time.
        PermissionDeniedError: Its directory is another user's.
        BrowserNotInstalledError: It has no browser to run.
        ConfigurationError: It refuses a setting.
    """
    with _refusals(agent):
        record = await _answering(agent, settings)
        return record or await _elect(agent, settings, time.monotonic() + timeout)


async def start_agent(agent: str, settings: Settings, *, timeout: float) -> DiscoveryRecord:
    """Start the agent called *agent*, which must not be running.

    Raises:
        AgentExistsError: It is running.
        AgentStartError: It did not become ready, or not in time.
        PermissionDeniedError: Its directory is another user's.
        BrowserNotInstalledError: It has no browser to run.
        ConfigurationError: It refuses a setting.
    """
    with _refusals(agent):
        record = await _answering(agent, settings)
        if record is not None:
            raise AgentExistsError(agent=agent, backend="process", reason=f"as process {record.pid}")
        return await _elect(agent, settings, time.monotonic() + timeout)


@contextlib.contextmanager
def _refusals(agent: str) -> Iterator[None]:
    """Tell what the system refuses as the reason why there is no agent."""
    try:
        yield
    except OSError as error:
        if not shortages.is_of_the_system(error):
            raise
        raise AgentStartError(
            agent=agent, reason=shortages.reason_of(error), tips=shortages.tips_for(error)
        ) from error


async def _answering(agent: str, settings: Settings) -> DiscoveryRecord | None:
    """The agent that runs; one that stands still or hangs is ended, since it would answer nobody."""
    record = _running(agent, settings)
    if record is None:
        return None
    paths = AgentPaths.of(agent, settings.runtime_dir)

    def hangs() -> bool:
        # An agent with a supervisor is that one's to end.
        silent = heartbeat.is_missing(paths.record, paths.lock, _HANG_SECONDS)
        return silent and not is_supervised(paths)

    halted = is_halted(record.pid, record.pid_start_time)
    if not halted and not hangs():
        return record
    # Somebody may have it stand still for a moment only.
    await async_sleep(LOOK_SECONDS)
    if halted:
        ended = end_halted(record.pid, record.pid_start_time)
    else:
        ended = end_if(record.pid, record.pid_start_time, hangs)
    if ended:
        how = "stood still" if halted else f"gave no sign of life for {_HANG_SECONDS:g} s"
        _log.warning("agent %r, process %d, %s and was ended", agent, record.pid, how)
        deadline = time.monotonic() + _EXIT_SECONDS
        while process_start_time(record.pid) == record.pid_start_time and time.monotonic() < deadline:
            await async_sleep(_PAUSE)
    return _running(agent, settings)


def _running(agent: str, settings: Settings) -> DiscoveryRecord | None:
    try:
        return find(agent, settings)
    except AgentNotRunningError:
        return None
    except StalePortFileError as error:
        # Left where it is when an agent holds the lock: then one is just starting.
        error.cleanup()
        return None


async def _elect(agent: str, settings: Settings, deadline: float) -> DiscoveryRecord:
    """Start an agent, or wait until another client has.

    Whoever holds the spawn lock may start one, and hands the lock on to it. When a client
    dies meanwhile, its agent keeps the spawn lock until it holds the agent lock: so the
    next client waits for that agent instead of starting a second one. An agent with a
    supervisor is that one's to start; clients wait for it.
    """
    began = time.monotonic()
    paths = AgentPaths.of(agent, settings.runtime_dir)
    paths.create()
    with FileLock(paths.spawn_lock) as lock:
        while not lock.try_acquire():
            await _pause(agent, deadline, began, "another process was starting it")
        while True:
            record = await _answering(agent, settings)
            if record is not None:
                return record
            free = FileLock.is_free(paths.lock)
            delay = why_not_yet(paths)
            if free and delay is None:
                _share_failure(lock, began)
                try:
                    return await _spawn_agent(agent, settings, lock, deadline)
                except AgentExistsError:
                    pass  # Started by hand this very moment: it will publish itself.
                except CMDOPError as error:
                    _leave_failure(lock, error, deadline)
                    raise
            await _pause(
                agent,
                deadline,
                began,
                delay.reason
                if delay is not None
                else "an agent of that name holds the lock and is not ready",
                delay.tips if delay is not None else (),
            )


async def _pause(agent: str, deadline: float, began: float, reason: str, tips: tuple[str, ...] = ()) -> None:
    now = time.monotonic()
    if now >= deadline:
        raise AgentStartError(agent=agent, reason=f"after {now - began:.1f} s {reason}", tips=tips)
    await async_sleep(min(_PAUSE * random.uniform(0.5, 1.5), deadline - now))  # noqa: S311 -- jitter


async def _spawn_agent(agent: str, settings: Settings, lock: FileLock, deadline: float) -> DiscoveryRecord:
    starting = _spawn.spawn(agent, settings, lock)
    try:
        record = await _ready(starting, deadline)
    except BaseException:
        starting.kill()
        raise
    starting.release()
    return record


async def _ready(starting: _spawn.StartingAgent, deadline: float) -> DiscoveryRecord:
    began = time.monotonic()
    while await async_wait_readable(starting.ready_fd, deadline - time.monotonic()):
        if starting.receive():
            break
    else:
        raise starting.failure(f"it was not ready after {time.monotonic() - began:.1f} s")
    outcome = starting.outcome()
    if isinstance(outcome, DiscoveryRecord):
        return outcome
    await _exit(starting)
    raise outcome or starting.failure(starting.ending())


async def _exit(starting: _spawn.StartingAgent) -> None:
    deadline = time.monotonic() + _EXIT_SECONDS
    while not starting.has_ended() and time.monotonic() < deadline:
        await async_sleep(_PAUSE)


def _leave_failure(lock: FileLock, error: CMDOPError, deadline: float) -> None:
    """Tell the clients that wait for the lock why there is no agent."""
    now = time.monotonic()
    if now < deadline:  # else it says only that this client was in a hurry
        # A full disk may be what the error is about: then each client finds out by itself.
        with contextlib.suppress(OSError):
            lock.write(json.dumps({"boot_id": boot_id(), "at": now, "error": error.to_dict()}).encode())


def _share_failure(lock: FileLock, began: float) -> None:
    """Raise what made another client's attempt fail, if it did while this one waited for it.

    So fifty clients fail once and together, not one after the other.
    """
    try:
        note = json.loads(lock.read())
        # This clock is the same for all processes, until the machine boots again.
        shared = note["boot_id"] == boot_id() and began <= note["at"] <= time.monotonic()
        error = error_from_dict(note["error"])
    except (KeyError, TypeError, ValueError):
        return
    if shared:
        raise error
