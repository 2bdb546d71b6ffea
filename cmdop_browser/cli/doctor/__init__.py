"""``doctor``: what is wrong with this machine or its agents, and how to put it right."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from cmdop_browser.cli import options
from cmdop_browser.cli.doctor import agents, machine
from cmdop_browser.cli.doctor.finding import Finding, Level, ok, problem
from cmdop_browser.cli.exit_codes import ExitCode
from cmdop_browser.cli.inventory import State, agent_names, base_directory, look
from cmdop_browser.cli.output import Output
from cmdop_browser.exceptions import CMDOPError, ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cmdop_browser.settings import Settings

# Of the agent's answers, so that several that hang together stay within doctor's three seconds.
_ASK_TIMEOUT = 1.0
_MARKS = {
    Level.OK: ("ok", "green"),
    Level.WARNING: ("warning", "yellow"),
    Level.PROBLEM: ("problem", "bold red"),
}


def doctor(
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Let warnings fail, too.")] = False,
    as_json: options.AsJson = False,
    debug: options.Debug = False,
) -> None:
    """Look for whatever keeps sessions from working, and say how to fix it.

    Exits with 1 when there is a problem. A warning, such as running as root and so without
    Chromium's sandbox, is something that works and could be better.
    """
    findings = list(examine())
    failed = failing(findings, strict=strict)
    document = {"ok": not failed, "findings": [finding.to_dict() for finding in findings]}
    Output(as_json=as_json).result(document, report(findings))
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def failing(findings: Sequence[Finding], *, strict: bool) -> list[Finding]:
    """The findings for which doctor's exit code is not 0."""
    bad = {Level.PROBLEM, Level.WARNING} if strict else {Level.PROBLEM}
    return [finding for finding in findings if finding.level in bad]


def examine() -> Iterator[Finding]:
    """Run every check."""
    from cmdop_browser.cli.doctor import browser
    from cmdop_browser.settings import Settings, config_file

    try:
        settings = Settings.load()
    except ConfigurationError as error:
        yield problem("settings", error.message, "; ".join(error.tips) or f"correct it in {error.source}")
        return
    yield ok("settings", f"valid ({config_file()} {'is read' if config_file().exists() else 'is not there'})")
    with browser.Inquiry(settings) as inquiry:
        yield machine.check_shared_memory()
        yield machine.check_open_files()
        yield machine.check_memory()
        yield machine.check_disk(Path(tempfile.gettempdir()))
        yield agents.check_runtime_directory(base_directory(settings))
        for name in agent_names(settings):
            yield from examine_agent(name, settings)
        answer = inquiry.answer()
    yield browser.check_browser(answer)
    yield machine.check_sandbox(settings.sandbox, works=answer.get("sandbox"))


def examine_agent(name: str, settings: Settings) -> Iterator[Finding]:
    """Run the checks of one agent."""
    agent = look(name, settings)
    yield agents.check_agent(agent)
    if agent.state is State.RUNNING:
        yield from ask(name)


def ask(name: str) -> Iterator[Finding]:
    """Ask a running agent which version it is, and whether its browsers start."""
    from cmdop_browser import CMDOPClient, __version__

    try:
        with CMDOPClient.local(agent=name, timeout=_ASK_TIMEOUT) as client:
            info = client.agent_info
    except CMDOPError as error:
        fix = f"cmdop-browser agents stop --force --agent {name}"
        yield problem(f"version of agent {name}", error.message, fix)
        return
    yield agents.check_version(name, info, __version__)
    yield agents.check_browser_of(name, info)


def report(findings: Sequence[Finding]) -> Text:
    """The findings, a line each, and each fix below what it mends: lines that can be copied."""
    lines = []
    for finding in findings:
        mark, style = _MARKS[finding.level]
        lines.append(Text(f"{mark:<9}", style=style) + Text(f"{finding.check}: {finding.summary}"))
        if finding.fix:
            lines.append(Text(f"{'':<9}fix: {finding.fix}", style="cyan"))
    return Text("\n").join(lines)
