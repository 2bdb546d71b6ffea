"""The agents of this user on this machine, and how they are."""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser import discovery
from cmdop_browser.exceptions import (
    AgentNotRunningError,
    BadRequestError,
    PermissionDeniedError,
    StalePortFileError,
)
from cmdop_browser.wire.rendezvous import AgentPaths, is_halted, kept, runtime_base

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.settings import Settings
    from cmdop_browser.wire.rendezvous import DiscoveryRecord

# The agent renews its record every second; this much silence is no matter of load.
HEARTBEAT_LIMIT: Final = 5.0


class State(enum.StrEnum):
    """How an agent is."""

    RUNNING = "running"  # it renews its record
    DRAINING = "draining"  # it takes nothing new; another one may run under the name
    SUSPENDED = "suspended"  # its process is there and answers nobody: stopped by a signal, or starved
    STALE = "stale"  # it has published itself and is gone
    STOPPED = "stopped"  # nothing is published
    FOREIGN = "foreign"  # it is another user's


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent as seen from outside, without asking it.

    Attributes:
        remark: What is wrong, for the states in which something is.
    """

    name: str
    state: State
    pid: int | None = None
    instance_id: str | None = None
    ready_at: float | None = None
    remark: str = ""

    @property
    def fix(self) -> str:
        """What puts it right; empty where nothing is wrong."""
        stop = f"cmdop-browser agents stop --agent {self.name}"
        match self.state:
            case State.STALE:
                return stop
            case State.SUSPENDED:
                return f"kill -CONT {self.pid}, or: {stop} --force"
            case State.FOREIGN:
                return "run as its user, or set CMDOP_RUNTIME_DIR to a directory of your own"
            case State.RUNNING | State.DRAINING | State.STOPPED:
                return ""

    def to_dict(self) -> dict[str, Any]:
        """The agent as JSON values."""
        return asdict(self)


def base_directory(settings: Settings) -> Path:
    """The directory in which every agent has one of its own."""
    return settings.runtime_dir or runtime_base()


def agent_names(settings: Settings) -> list[str]:
    """The agents that are, or have been, in the runtime directory."""
    try:
        found = sorted(base_directory(settings).iterdir())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    return [path.name for path in found if _is_agent(path.name, settings)]


def look(name: str, settings: Settings) -> Agent:
    """See how the agent called *name* is.

    Where it does not run, what it kept of sessions is removed once nobody can come for it.

    Raises:
        BadRequestError: *name* is no name for an agent.
    """
    paths = AgentPaths.of(name, settings.runtime_dir)
    try:
        record = discovery.find(name, settings)
    except AgentNotRunningError:
        kept.sweep_after(paths)
        return Agent(name, State.STOPPED)
    except StalePortFileError as error:
        kept.sweep_after(paths)
        return Agent(name, State.STALE, remark=error.message)
    except PermissionDeniedError as error:
        return Agent(name, State.FOREIGN, remark=error.message)
    silent = _why_silent(record, paths)
    return _published(name, State.SUSPENDED if silent else State.RUNNING, record, silent)


def draining(name: str, settings: Settings) -> list[Agent]:
    """The agents called *name* that end as soon as their sessions have.

    Raises:
        BadRequestError: *name* is no name for an agent.
    """
    paths = AgentPaths.of(name, settings.runtime_dir)
    found = []
    for record in discovery.draining(paths):
        silent = _why_silent(record, paths)
        # Not `agents stop`, which is for the one that has the name now.
        remark = f"{silent}; kill -CONT {record.pid} has it go on" if silent else "ends with its last session"
        found.append(_published(name, State.DRAINING, record, remark))
    return found


def _published(name: str, state: State, record: DiscoveryRecord, remark: str = "") -> Agent:
    return Agent(name, state, record.pid, record.instance_id, record.ready_at, remark)


def _why_silent(record: DiscoveryRecord, paths: AgentPaths) -> str:
    # Its last sign of life is a moment old when it is stopped; its state says so at once.
    if is_halted(record.pid, record.pid_start_time):
        return "was stopped by a signal, such as SIGSTOP or that of Ctrl-Z"
    age = discovery.heartbeat_age(paths, record.instance_id)
    return f"has shown no life for {age:.0f} s" if age is not None and age > HEARTBEAT_LIMIT else ""


def _is_agent(name: str, settings: Settings) -> bool:
    try:
        paths = AgentPaths.of(name, settings.runtime_dir)
        return paths.lock.exists() or paths.record.exists()
    except (BadRequestError, PermissionError):
        return False
