"""Ending an agent from outside."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Final

import psutil

from cmdop_browser.cli.inventory import Agent, State
from cmdop_browser.exceptions import AgentNotRunningError, AgentStopError, PermissionDeniedError
from cmdop_browser.wire.rendezvous import AgentPaths, remove_stale

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

# What an agent may take beyond its running calls: closing browsers, removing their profiles.
_CLOSING_SECONDS: Final = 10.0
_KILL_SECONDS: Final = 5.0


class Outcome(enum.StrEnum):
    """What became of an agent that was to end."""

    STOPPED = "stopped"  # it ended by itself
    KILLED = "killed"  # it did not, and was killed
    CLEANED = "cleaned up"  # it was gone already; what it left behind is gone, too


def stop_agent(agent: Agent, settings: Settings, *, timeout: float | None, force: bool) -> Outcome:
    """End *agent* and wait until it has ended.

    Args:
        agent: As `look` saw it.
        settings: Those of this process.
        timeout: Seconds for it to end by itself; None for its drain time and some more.
        force: Kill it when that is over, instead of giving up.

    Raises:
        AgentNotRunningError: There is none.
        AgentStopError: It did not end in time.
        PermissionDeniedError: It is another user's.
    """
    paths = AgentPaths.of(agent.name, settings.runtime_dir)
    if agent.state is State.STALE:
        remove_stale(paths.record)
        return Outcome.CLEANED
    if agent.state is State.FOREIGN:
        raise PermissionDeniedError(agent.remark)
    if agent.pid is None:
        raise AgentNotRunningError(
            f"agent {agent.name!r} does not run", agent=agent.name, searched=(str(paths.record),)
        )
    patience = settings.drain_timeout + _CLOSING_SECONDS if timeout is None else timeout
    outcome = _end(agent, agent.pid, patience, force=force)
    remove_stale(paths.record)
    return outcome


def _end(agent: Agent, pid: int, patience: float, *, force: bool) -> Outcome:
    try:
        process = psutil.Process(pid)
        process.terminate()
        # A stopped process gets the signal only when it goes on.
        process.resume()
        process.wait(patience)
    except psutil.NoSuchProcess:
        return Outcome.STOPPED
    except psutil.TimeoutExpired as error:
        if not force:
            raise _still_running(agent, patience) from error
        return _kill(agent, process)
    return Outcome.STOPPED


def _kill(agent: Agent, process: psutil.Process) -> Outcome:
    process.kill()
    try:
        process.wait(_KILL_SECONDS)
    except psutil.TimeoutExpired as error:
        raise AgentStopError(
            agent=agent.name, backend="process", reason=f"process {process.pid} does not even die of SIGKILL"
        ) from error
    return Outcome.KILLED


def _still_running(agent: Agent, patience: float) -> AgentStopError:
    return AgentStopError(
        agent=agent.name,
        backend="process",
        reason=f"process {agent.pid} still runs after {patience:.1f} s",
        tips=(
            f"give it longer: cmdop-browser agents stop --agent {agent.name} --timeout 60",
            f"or kill it: cmdop-browser agents stop --agent {agent.name} --force",
        ),
    )
