"""``agents``: those of this user on this machine."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from cmdop_browser.cli import options
from cmdop_browser.cli import status as report
from cmdop_browser.cli.exit_codes import ExitCode
from cmdop_browser.cli.inventory import Agent, State, agent_names, draining, look
from cmdop_browser.cli.output import Output
from cmdop_browser.exceptions import CMDOPError

if TYPE_CHECKING:
    from cmdop_browser.settings import Settings

app = typer.Typer(help="List, start, stop and watch the agents of this user.", no_args_is_help=True)

# The launcher gives every agent a limit, and one that is started by hand is meant to stay.
_FOREVER = 10 * 365 * 24 * 3600.0


@app.command("list")
def list_agents(*, as_json: options.AsJson = False, debug: options.Debug = False) -> None:
    """List the agents, also those that have ended."""
    settings = _settings()
    agents = [
        agent for name in agent_names(settings) for agent in (look(name, settings), *draining(name, settings))
    ]
    table = Table("agent", "state", "process", "up", "", box=None, pad_edge=False)
    for agent in agents:
        state = Text(agent.state, style=report.STYLES[agent.state])
        table.add_row(agent.name, state, str(agent.pid or ""), _uptime(agent), Text(agent.remark))
    Output(as_json=as_json).result(
        {"agents": [agent.to_dict() for agent in agents]}, table if agents else "no agents"
    )


@app.command()
def start(
    *,
    agent: options.Agent = "default",
    idle_exit: Annotated[
        float | None,
        typer.Option(
            "--idle-exit", metavar="SECONDS", min=1, help="End after so long without clients; else never."
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="For getting ready.")
    ] = 30.0,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Start an agent in the background; exits with 3 when it runs already."""
    from cmdop_browser._sync import launcher

    settings = _settings(spawn_idle_exit=idle_exit or _FOREVER)
    record = launcher.start_agent(agent, settings, timeout=timeout)
    Output(as_json=as_json).result(
        look(agent, settings).to_dict(), f"agent {agent} runs as process {record.pid}"
    )


@app.command()
def stop(
    *,
    agent: options.Agent = "default",
    force: Annotated[bool, typer.Option("--force", help="Kill it where it does not end by itself.")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="SECONDS", min=0, help="For running calls to finish.")
    ] = None,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """End an agent, letting its running calls finish; clean up after one that is gone."""
    from cmdop_browser.cli.stopping import stop_agent

    settings = _settings()
    before = look(agent, settings)
    if before.state is State.STOPPED:
        # To tell one that drains a second time is to end it at once.
        before = next(iter(draining(agent, settings)), before)
    outcome = stop_agent(before, settings, timeout=timeout, force=force)
    Output(as_json=as_json).result({"agent": agent, "outcome": outcome}, f"agent {agent}: {outcome}")


@app.command()
def restart(
    *,
    agent: options.Agent = "default",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="For getting ready.")
    ] = 30.0,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Start a fresh agent, after an upgrade; the one before ends when its sessions have."""
    from cmdop_browser._sync import launcher
    from cmdop_browser.cli.stopping import retire_agent

    settings = _settings(spawn_idle_exit=_FOREVER)
    retire_agent(look(agent, settings), settings, timeout=timeout)
    record = launcher.ensure_agent(agent, settings, timeout=timeout)
    Output(as_json=as_json).result(
        look(agent, settings).to_dict(), f"agent {agent} runs as process {record.pid}"
    )


@app.command()
def status(
    *,
    agent: options.Agent = "default",
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Tell how an agent is; exits with 1 unless it runs and answers."""
    settings = _settings()
    seen = look(agent, settings)
    answer = report.ask(agent) if seen.state is State.RUNNING else None
    if isinstance(answer, CMDOPError):
        seen = look(agent, settings)  # it may have been stopped, or have ended, while it was asked
    Output(as_json=as_json).result(report.document(seen, answer), report.table(seen, answer))
    if seen.state is not State.RUNNING or isinstance(answer, CMDOPError):
        raise typer.Exit(ExitCode.FAILED)


@app.command()
def logs(
    *,
    agent: options.Agent = "default",
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 50,
    about: Annotated[
        str,
        typer.Option(
            "--id", metavar="ID", help="Only lines about this request, session, client or instance."
        ),
    ] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Print the last lines of an agent's log."""
    from cmdop_browser._log_lines import as_text
    from cmdop_browser.cli.attach import follow as follow_log
    from cmdop_browser.cli.logs import Log

    output, settings = Output(as_json=as_json), _settings()
    with Log(agent, settings, about=about) as log:
        recent = log.last_lines(lines)
        if as_json:
            output.document({"agent": agent, "path": str(log.path), "lines": recent})
            return
        for line in recent:
            output.text(as_text(line))
        if follow:
            for line in follow_log(log, agent, settings):
                output.text(as_text(line))


@app.command()
def attach(
    *,
    agent: options.Agent = "default",
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Watch an agent's log and sessions until Ctrl-C, which leaves the agent running."""
    from cmdop_browser.cli.attach import watch

    watch(agent, _settings(), Output(as_json=as_json))


def _settings(**overrides: float) -> Settings:
    from cmdop_browser.settings import Settings

    return Settings.load(**overrides)


def _uptime(agent: Agent) -> str:
    if agent.ready_at is None or agent.state is State.STALE:
        return ""
    now = time.time()  # noqa: TID251 -- shown to people; nothing waits for it
    return str(timedelta(seconds=int(max(0.0, now - agent.ready_at))))
