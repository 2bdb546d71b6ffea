"""Watching an agent, which goes on when the watcher leaves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from cmdop_browser._log_lines import as_text
from cmdop_browser.cli.inventory import Agent, State, look
from cmdop_browser.cli.logs import Log
from cmdop_browser.discovery import find

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cmdop_browser.cli.output import Output
    from cmdop_browser.settings import Settings

_PAUSE: Final = 0.25
_LINES_BEFORE: Final = 10


def watch(agent: str, settings: Settings, output: Output) -> None:
    """Print what the agent called *agent* logs, and when its state changes, until it ends.

    With JSON, each line and each change is a document of its own.

    Raises:
        AgentNotRunningError: It does not run.
        AgentAttachError: It has no log that can be read.
    """
    find(agent, settings)
    with Log(agent, settings) as log:
        for line in log.last_lines(_LINES_BEFORE):
            _say_line(output, line)
        output.note(f"attached to agent {agent}; Ctrl-C leaves it running", style="dim")
        for state in _states(agent, settings):
            for line in log.new_lines():
                _say_line(output, line)
            if state is not None:
                _say_state(output, state)


def follow(log: Log, agent: str, settings: Settings) -> Iterator[str]:
    """The lines that the agent writes from now on, until it ends."""
    for _ in _states(agent, settings):
        yield from log.new_lines()


def _states(name: str, settings: Settings) -> Iterator[Agent | None]:
    """One item per look: the agent when its state has changed, else None. Ends with the agent."""
    before: Agent | None = None
    while True:
        now = look(name, settings)
        changed = before is None or (now.state, now.instance_id) != (before.state, before.instance_id)
        yield now if changed else None
        if now.state in {State.STOPPED, State.STALE}:
            return
        before = now
        time.sleep(_PAUSE)


def _say_line(output: Output, line: str) -> None:
    if output.as_json:
        output.document({"log": line})
    else:
        output.text(as_text(line))


def _say_state(output: Output, agent: Agent) -> None:
    if output.as_json:
        output.document(agent.to_dict())
        return
    process = f", process {agent.pid}" if agent.pid else ""
    output.note(f"agent {agent.name} is {agent.state}{process} {agent.remark}".rstrip(), style="bold")
