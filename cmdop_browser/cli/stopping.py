"""Ending an agent from outside."""

from __future__ import annotations

import contextlib
import enum
import signal
import time
from typing import TYPE_CHECKING, Final

import psutil

from cmdop_browser.cli.inventory import Agent, State
from cmdop_browser.cli.process import agent_report
from cmdop_browser.exceptions import (
    AgentExistsError,
    AgentNotRunningError,
    AgentStopError,
    PermissionDeniedError,
    StalePortFileError,
)
from cmdop_browser.wire.rendezvous import (
    AgentPaths,
    DiscoveryRecord,
    FileLock,
    kept,
    remove_stale,
    supervisor_pid,
)

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

# What an agent may take beyond its running calls: closing browsers, removing their profiles.
_CLOSING_SECONDS: Final = 10.0
_KILL_SECONDS: Final = 5.0
_LOOK_SECONDS: Final = 0.1
_RETIRING_SECONDS: Final = 0.02
_SUPERVISOR: Final = "agent_bridge.supervision.supervisor"
# Where, after that, the command line of a supervisor says whether it starts an agent again.
_HOW: Final = 5
_ONCE: Final = "once"


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
        CMDOPError: What it left cannot be removed.
    """
    paths = AgentPaths.of(agent.name, settings.runtime_dir)
    patience = settings.drain_timeout + _CLOSING_SECONDS if timeout is None else timeout
    supervisor = supervisor_pid(paths)
    if supervisor is not None and agent.state is not State.FOREIGN:
        # It ends its agent, waits for that, and would start another if the agent just ended.
        _verify_supervisor(agent, supervisor)
        outcome = _end(agent, supervisor, patience, force=force)
        if outcome is Outcome.KILLED and agent.pid is not None:
            _kill_if_running(agent, agent.pid)
        _clean_up(paths, outcome)
        return outcome
    if agent.state is State.FOREIGN:
        raise PermissionDeniedError(agent.remark)
    if agent.state is State.STALE or (agent.pid is None and _has_left_something(paths)):
        _clean_up(paths, Outcome.CLEANED)
        return Outcome.CLEANED
    if agent.pid is None:
        raise AgentNotRunningError(
            f"agent {agent.name!r} does not run", agent=agent.name, searched=(str(paths.record),)
        )
    outcome = _end(agent, agent.pid, patience, force=force)
    _clean_up(paths, outcome)
    return outcome


def _has_left_something(paths: AgentPaths) -> bool:
    """Whether there is something of an agent that nobody would remove before the next one starts."""
    if not FileLock.is_free(paths.lock):  # one is just starting
        return False
    return kept.is_left(paths) or any(paths.instances.glob("*.json"))


def _clean_up(paths: AgentPaths, outcome: Outcome) -> None:
    """Remove what an agent that did not end by itself has left: only its own program knows all of it.

    One that did may have had a predecessor that was killed while it drained.
    """
    remove_stale(paths.record)
    if outcome is not Outcome.STOPPED or _has_left_something(paths):
        # Somebody has just started another one: that has seen to it.
        with contextlib.suppress(AgentExistsError):
            agent_report("clean", "--agent", paths.agent)


def retire_agent(agent: Agent, settings: Settings, *, timeout: float) -> bool:
    """Have *agent* take nothing new and end with its last session; returns as soon as another may start.

    Returns:
        Whether a supervisor sees to starting the other one.

    Raises:
        AgentStopError: It did not take the order in time, or its end would be that of its container.
        PermissionDeniedError: It is another user's.
    """
    if agent.state is State.FOREIGN:
        raise PermissionDeniedError(agent.remark)
    paths = AgentPaths.of(agent.name, settings.runtime_dir)
    supervisor = supervisor_pid(paths)
    if supervisor is not None and _ends_with_its_agent(_verify_supervisor(agent, supervisor)):
        raise AgentStopError(
            agent=agent.name,
            backend="process",
            reason=f"process {supervisor} runs it once, and would end with it",
            tips=(
                "restart the container",
                "or have it started with serve --supervised, which starts another agent",
            ),
        )
    if agent.pid is None or agent.state is State.STALE:
        return supervisor is not None
    pid, order = (supervisor, signal.SIGHUP) if supervisor is not None else (agent.pid, signal.SIGTERM)
    with contextlib.suppress(psutil.NoSuchProcess):
        _tell(psutil.Process(pid), order)
    deadline = time.monotonic() + timeout
    while _is_published(paths, agent) or not (supervisor is not None or FileLock.is_free(paths.lock)):
        if time.monotonic() > deadline:
            raise _still_running(agent, agent.pid, timeout)
        time.sleep(_RETIRING_SECONDS)
    return supervisor is not None


def _is_published(paths: AgentPaths, agent: Agent) -> bool:
    try:
        return DiscoveryRecord.read(paths.record).instance_id == agent.instance_id
    except (FileNotFoundError, StalePortFileError):
        return False


def _end(agent: Agent, pid: int, patience: float, *, force: bool) -> Outcome:
    try:
        process = psutil.Process(pid)
        _tell(process, signal.SIGTERM)
        _wait(process, patience)
    except psutil.NoSuchProcess:
        return Outcome.STOPPED
    except psutil.TimeoutExpired as error:
        if not force:
            raise _still_running(agent, pid, patience) from error
        return _kill(agent, process)
    return Outcome.STOPPED


def _tell(process: psutil.Process, order: signal.Signals) -> None:
    process.send_signal(order)
    # A stopped process gets the signal only when it goes on.
    process.resume()


def _ends_with_its_agent(command: list[str]) -> bool:
    """Whether a supervisor starts no other agent, as `serve` does where it is process 1."""
    return command[command.index(_SUPERVISOR) + _HOW] == _ONCE


def _verify_supervisor(agent: Agent, pid: int) -> list[str]:
    """Return the command of *pid*, which is the supervisor, and no number of another container's."""
    with contextlib.suppress(psutil.NoSuchProcess):
        command = psutil.Process(pid).cmdline()
        if _SUPERVISOR in command:
            return command
    raise AgentStopError(
        agent=agent.name,
        backend="process",
        reason=f"its supervisor calls itself process {pid}, which is another one here",
        tips=("stop it in the container in which it runs",),
    )


def _kill_if_running(agent: Agent, pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        _kill(agent, psutil.Process(pid))


def _kill(agent: Agent, process: psutil.Process) -> Outcome:
    process.kill()
    try:
        _wait(process, _KILL_SECONDS)
    except psutil.TimeoutExpired as error:
        raise AgentStopError(
            agent=agent.name, backend="process", reason=f"process {process.pid} does not even die of SIGKILL"
        ) from error
    return Outcome.KILLED


def _wait(process: psutil.Process, limit: float) -> None:
    """Wait until *process* has ended, also when its parent has not noticed yet."""
    deadline = time.monotonic() + limit
    with contextlib.suppress(psutil.NoSuchProcess):
        while time.monotonic() < deadline:
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(_LOOK_SECONDS)
                return
            # When its parent collects it is no concern of ours: some do so late, and some never.
            if process.status() == psutil.STATUS_ZOMBIE:
                return
        raise psutil.TimeoutExpired(limit, process.pid)


def _still_running(agent: Agent, pid: int, patience: float) -> AgentStopError:
    return AgentStopError(
        agent=agent.name,
        backend="process",
        reason=f"process {pid} still runs after {patience:.1f} s",
        tips=(
            f"give it longer: cmdop-browser agents stop --agent {agent.name} --timeout 60",
            f"or kill it: cmdop-browser agents stop --agent {agent.name} --force",
        ),
    )
