"""``install`` and ``serve``: what the agent's own program does, in the foreground."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Annotated, Any

import typer

from cmdop_browser.cli import options
from cmdop_browser.cli.output import Output
from cmdop_browser.exceptions import (
    AgentExistsError,
    AgentNotRunningError,
    StalePortFileError,
    error_from_dict,
)

AGENT_PROGRAM = (sys.executable, "-m", "agent_bridge")


def install(
    *,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Find a browser or install one, and say which is used."""
    output = Output(as_json=as_json)
    report = agent_report("install")
    output.result(report, f"agents will use {report['used']} ({report['kind']})")


def serve(
    *,
    agent: options.Agent = "default",
    idle_exit: Annotated[
        float | None,
        typer.Option("--idle-exit", metavar="SECONDS", min=0, help="End after so long without clients."),
    ] = None,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Run an agent in the foreground until Ctrl-C or SIGTERM."""
    refuse_second(agent)
    words = [*AGENT_PROGRAM, "serve", "--agent", agent]
    if idle_exit is not None:
        words += ["--idle-exit", str(idle_exit)]
    # In place of this process: signals, exit code and the service manager's view are the agent's own.
    os.execv(words[0], words)  # noqa: S606 -- our own program, and no shell is wanted


def refuse_second(agent: str) -> None:
    """Make sure that no agent of this name runs.

    Raises:
        AgentExistsError: One does.
        PermissionDeniedError: One of another user does.
    """
    from cmdop_browser import discovery
    from cmdop_browser.settings import Settings

    try:
        record = discovery.find(agent, Settings.load())
    except (AgentNotRunningError, StalePortFileError):
        return
    raise AgentExistsError(
        f"agent {agent!r} is running already, as process {record.pid}",
        agent=agent,
        reason="running",
        tips=(
            f"stop it: cmdop-browser agents stop --agent {agent}",
            "or give this one another name: --agent NAME",
        ),
    )


def agent_report(command: str, *, timeout: float | None = None) -> dict[str, Any]:
    """Run a command of the agent's program that reports in JSON.

    Its progress goes to our stderr.

    Raises:
        CMDOPError: The error that it reports.
        subprocess.TimeoutExpired: It took longer than *timeout* seconds.
    """
    done = subprocess.run(  # noqa: S603 -- our own program
        [*AGENT_PROGRAM, command, "--json"], stdout=subprocess.PIPE, text=True, timeout=timeout, check=False
    )
    report: dict[str, Any] = json.loads(done.stdout)
    if "error" in report:
        raise error_from_dict(report["error"])
    return report
