"""Checks of where agents and clients meet, and of the agents that are there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from cmdop_browser.cli.doctor.finding import Finding, ok, problem, warning
from cmdop_browser.cli.inventory import State

if TYPE_CHECKING:
    from pathlib import Path

    from cmdop_browser.cli.inventory import Agent
    from cmdop_browser.models import AgentInfo

_OTHERS: Final = 0o077


def check_runtime_directory(path: Path) -> Finding:
    """Whether this user can publish an agent there, and nobody else can interfere."""
    name = "runtime directory"
    uid = os.geteuid()
    elsewhere = "or set CMDOP_RUNTIME_DIR to a directory of your own"
    try:
        found = path.lstat()
    except FileNotFoundError:
        return _missing(name, path, elsewhere)
    except OSError as error:
        return problem(
            name, f"{path} cannot be looked at: {error.strerror}", f"chown {uid} {path.parent}, {elsewhere}"
        )
    if not stat.S_ISDIR(found.st_mode):
        return problem(name, f"{path} is not a directory", f"rm {path}")
    if found.st_uid != uid:
        return problem(
            name,
            f"{path} belongs to user {found.st_uid}, and this is {uid}",
            f"chown -R {uid} {path}, {elsewhere}",
        )
    if found.st_mode & _OTHERS:
        return problem(
            name,
            f"{path} is open to other users (mode {stat.S_IMODE(found.st_mode):03o})",
            f"chmod 700 {path}",
        )
    if not os.access(path, os.W_OK | os.X_OK):
        return problem(name, f"{path} is not writable", f"chmod 700 {path}, {elsewhere}")
    return ok(name, f"{path} is this user's own")


def check_agent(agent: Agent) -> Finding:
    """Whether what an agent has published is true, and whether it is awake."""
    name = f"agent {agent.name}"
    match agent.state:
        case State.STALE:
            return problem(name, f"stale discovery file: {agent.remark}", agent.fix)
        case State.FOREIGN:
            return problem(name, agent.remark, agent.fix)
        case State.SUSPENDED:
            return problem(name, f"process {agent.pid} {agent.remark}", agent.fix)
        case State.RUNNING:
            return ok(name, f"runs as process {agent.pid}")
        case State.DRAINING:
            return ok(name, f"process {agent.pid} {agent.remark}")
        case State.STOPPED:
            return ok(name, "does not run")


def check_browser_of(agent: str, info: AgentInfo) -> Finding:
    """Whether the agent's browsers start."""
    name = f"browser of agent {agent}"
    failure = info.browser.start_failure
    if failure is not None:
        return problem(name, failure.problem, "; ".join(failure.tips))
    return ok(name, "starts" if info.browser.version else "has not been started yet")


def check_version(agent: str, info: AgentInfo, client_version: str) -> Finding:
    """Whether the agent runs the code that is installed here."""
    name = f"version of agent {agent}"
    if info.version != client_version:
        return warning(
            name,
            f"the agent is {info.version}, and this client is {client_version}: they work together, "
            "but what only one of them knows is refused",
            f"cmdop-browser agents restart --agent {agent}",
        )
    return ok(name, f"{info.version}, as this client")


def _missing(name: str, path: Path, elsewhere: str) -> Finding:
    parent = next(above for above in path.parents if above.exists())
    if os.access(parent, os.W_OK | os.X_OK):
        return ok(name, f"{path} will be made when an agent starts")
    return problem(
        name,
        f"{path} is missing and {parent} is not writable",
        f"mkdir -m 700 -p {path} (as its owner), {elsewhere}",
    )
