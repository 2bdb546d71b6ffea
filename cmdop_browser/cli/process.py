"""``install`` and ``serve``: what the agent's own program does, in the foreground."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cmdop_browser.cli import options
from cmdop_browser.cli.output import Output
from cmdop_browser.exceptions import (
    AgentExistsError,
    AgentNotRunningError,
    StalePortFileError,
    error_from_dict,
)

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings


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
    supervised: Annotated[
        bool, typer.Option("--supervised", help="Start it again when it crashes, with growing delays.")
    ] = False,
    max_crashes: Annotated[
        int,
        typer.Option("--max-crashes", metavar="N", min=1, help="Give up after so many within the window."),
    ] = 5,
    crash_window: Annotated[
        float, typer.Option("--crash-window", metavar="SECONDS", min=1, help="For --max-crashes.")
    ] = 60.0,
    metrics_port: Annotated[
        int | None,
        typer.Option(
            "--metrics-port", metavar="PORT", min=1, max=65535, help="Serve metrics for Prometheus."
        ),
    ] = None,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Run an agent in the foreground until Ctrl-C or SIGTERM."""
    from cmdop_browser import _spawn
    from cmdop_browser.settings import Settings

    settings = Settings.load() if metrics_port is None else Settings.load(metrics_port=metrics_port)
    refuse_second(agent, settings)
    words = _spawn.program("serve", "--agent", agent)
    if idle_exit is not None:
        words += ["--idle-exit", str(idle_exit)]
    if supervised:
        words += ["--supervised", f"--max-crashes={max_crashes}", f"--crash-window={crash_window}"]
    # Whoever interrupts now is answered by the agent when it can: Python at its start shows a traceback.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        # In place of this process: signals, exit code and the service manager's view are the agent's own.
        os.execve(words[0], words, _spawn.environment(settings))  # noqa: S606 -- our own program, without a shell
    finally:  # it was not replaced
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def refuse_second(agent: str, settings: Settings) -> None:
    """Make sure that no agent of this name runs.

    Raises:
        AgentExistsError: One does.
        PermissionDeniedError: One of another user does.
    """
    from cmdop_browser import discovery
    from cmdop_browser.wire.rendezvous import AgentPaths, is_supervised

    try:
        record = discovery.find(agent, settings)
    except (AgentNotRunningError, StalePortFileError) as error:
        if not is_supervised(AgentPaths.of(agent, settings.runtime_dir)):
            return
        raise AgentExistsError(
            f"agent {agent!r} has a supervisor, which is about to start it",
            agent=agent,
            reason="supervised",
            tips=(f"stop both: cmdop-browser agents stop --agent {agent}",),
        ) from error
    raise AgentExistsError(
        f"agent {agent!r} is running already, as process {record.pid}",
        agent=agent,
        reason="running",
        tips=(
            f"stop it: cmdop-browser agents stop --agent {agent}",
            "or give this one another name: --agent NAME",
        ),
    )


def agent_report(*command: str) -> dict[str, Any]:
    """Run a command of the agent's program that reports in JSON.

    Its progress goes to our stderr.

    Raises:
        CMDOPError: The error that it reports.
    """
    from cmdop_browser import _spawn
    from cmdop_browser.settings import Settings

    done = subprocess.run(  # noqa: S603 -- our own program
        _spawn.program(*command, "--json"),
        env=_spawn.environment(Settings.load()),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    if "error" in report:
        raise error_from_dict(report["error"])
    return report
