"""How an agent is: what it says of itself, as a table and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from cmdop_browser.cli.inventory import State
from cmdop_browser.exceptions import CMDOPError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmdop_browser.cli.inventory import Agent
    from cmdop_browser.models import AgentInfo, Pressure, SessionInfo, StartFailure

STYLES: Final = {
    State.RUNNING: "green",
    State.DRAINING: "yellow",
    State.SUSPENDED: "bold red",
    State.STALE: "bold red",
    State.FOREIGN: "yellow",
    State.STOPPED: "dim",
}
_ASK_SECONDS: Final = 2.0
_BAR: Final = 16
# What a person would notice: calls are late by as much.
_LATE_SECONDS: Final = 0.1
_BUSY_LOAD: Final = 1.0
_NEARLY: Final = 0.9
_BAD, _WARN = "bold red", "yellow"

Answer = tuple["AgentInfo", "tuple[SessionInfo, ...]"]


def ask(name: str) -> Answer | CMDOPError:
    """What a running agent says of itself and its sessions, or why it says nothing."""
    from cmdop_browser import CMDOPClient

    try:
        with CMDOPClient.local(agent=name, timeout=_ASK_SECONDS) as client:
            return client.agent_info, tuple(client.browser.list_sessions())
    except CMDOPError as error:
        return error


def document(agent: Agent, answer: Answer | CMDOPError | None) -> dict[str, Any]:
    """All that is known of an agent, as JSON values."""
    seen = agent.to_dict()
    if answer is None:
        return seen
    if isinstance(answer, CMDOPError):
        return seen | {"error": answer.to_dict()}
    info, sessions = answer
    return seen | {
        "version": info.version,
        "protocol": list(info.protocol),
        "capabilities": sorted(info.capabilities),
        "uptime": round(info.uptime, 1),
        "browser": asdict(info.browser),
        "pressure": asdict(info.pressure),
        "restarts": dict(info.restarts),
        "losses": dict(info.losses),
        "recycled": dict(info.recycled),
        "memory": asdict(info.memory),
        "troubles": [asdict(trouble) for trouble in info.troubles],
        "sessions": [asdict(session) for session in sessions],
    }


def table(agent: Agent, answer: Answer | CMDOPError | None) -> Table:
    """The same for people."""
    rows = Table.grid(padding=(0, 2))
    rows.add_column(style="dim", no_wrap=True)
    rows.add_column(overflow="fold")
    rows.add_row("agent", agent.name)
    state = Text(agent.state, style=STYLES[agent.state])
    if isinstance(answer, tuple) and answer[0].pressure.draining:
        state.append(", draining", style=_WARN)
    rows.add_row("state", state)
    if agent.remark:
        rows.add_row("", Text(agent.remark))
    if agent.fix:
        rows.add_row("fix", Text(agent.fix, style="cyan"))
    if isinstance(answer, CMDOPError):
        rows.add_row("process", str(agent.pid or ""))
        rows.add_row("", Text(str(answer), style="red"))
    elif answer is not None:
        for name, value in _rows(agent, *answer):
            rows.add_row(name, value)
    elif agent.pid:
        rows.add_row("process", str(agent.pid))
    return rows


def _rows(agent: Agent, info: AgentInfo, sessions: tuple[SessionInfo, ...]) -> Iterator[tuple[str, Text]]:
    up = timedelta(seconds=int(info.uptime))
    yield "process", Text(f"{agent.pid}, up {up}, version {info.version}")
    sandbox = "in its sandbox" if info.browser.sandboxed else "without its sandbox"
    version = info.browser.version or "(not launched yet)"
    yield "browser", Text(f"{version}, {sandbox}\n{info.browser.executable}")
    if info.browser.start_failure is not None:
        yield "", _failure(info.browser.start_failure, info.browser.failed_starts)
    for trouble in info.troubles:
        since = f", for {_span(trouble.seconds)}" if trouble.seconds else ""
        yield "trouble", Text(f"{trouble.what} files: {trouble.problem}{since}", style=_BAD)
    yield "sessions", _slots(info.pressure)
    for session in sessions:
        yield "", _session(session)
    yield "queue", _queue(info.pressure)
    yield "load", _load(info.pressure)
    yield "memory", _memory(info)
    yield "restarts", _counts(info.restarts)
    if info.losses:
        yield "losses", _counts(info.losses)
    if info.recycled:
        yield "recycled", _counts(info.recycled)


def _failure(failure: StartFailure, times: int) -> Text:
    how_often = "once" if times == 1 else f"{times} times"
    told = Text(f"did not start, {how_often}, last {_span(failure.seconds_ago)} ago: ", style=_BAD)
    told.append(failure.problem)
    for tip in failure.tips:
        told.append(f"\nfix: {tip}", style="cyan")
    return told


def _session(session: SessionInfo) -> Text:
    # Its client was stopped, or has gone and may come back for as long as it is waited for.
    away = ("client away  ", _WARN) if session.client_id is None else ""
    return Text.assemble(f"{session.name or session.id}  idle {_span(session.idle)}  ", away, session.url)


def _slots(pressure: Pressure) -> Text:
    used = pressure.active / pressure.limit if pressure.limit else 0.0
    style = _BAD if used >= 1 else _WARN if used >= _NEARLY else "green"
    filled = min(_BAR, round(_BAR * used))
    clients = "1 client" if pressure.clients == 1 else f"{pressure.clients} clients"
    return Text.assemble(
        ("━" * filled, style),
        ("━" * (_BAR - filled), "dim"),
        f" {pressure.active} of {pressure.limit} used by {clients}",
        (f", {pressure.away} of them stopped" if pressure.away else "", _WARN),
    )


def _queue(pressure: Pressure) -> Text:
    if not pressure.queued:
        return Text("empty")
    return Text(f"{pressure.queued} waiting, the first for {_span(pressure.longest_wait)}", style=_WARN)


def _load(pressure: Pressure) -> Text:
    return Text.assemble(
        (f"{pressure.load:.1f} for each processor", _WARN if pressure.load > _BUSY_LOAD else ""),
        ", ",
        (f"event loop late by {1000 * pressure.lag:.0f} ms", _WARN if pressure.lag > _LATE_SECONDS else ""),
    )


def _memory(info: AgentInfo) -> Text:
    memory = info.memory
    kept = f", {_size(memory.artifacts)} on disk for errors" if memory.artifacts else ""
    parts = [Text(f"agent {_size(memory.agent)}{kept}")]
    for name, size, limit in (
        ("browsers", memory.browsers, memory.limit),
        ("largest page", memory.largest_page, memory.page_limit),
    ):
        text = f"{name} {_size(size)}" + (f" of {_size(limit)}" if limit else "")
        parts.append(Text(text, style=_WARN if limit and size >= _NEARLY * limit else ""))
    return Text("\n").join(parts)


def _counts(counts: Mapping[str, int]) -> Text:
    return Text(", ".join(f"{name} {count}" for name, count in counts.items() if count) or "none")


def _size(size: int) -> str:
    for unit, least in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= least:
            return f"{size / least:.1f} {unit}" if size < 10 * least else f"{size / least:.0f} {unit}"
    return f"{size} B"


def _span(seconds: float) -> str:
    return (
        f"{seconds:.1f} s"
        if seconds < 10
        else f"{timedelta(seconds=int(seconds))}"
        if seconds >= 100
        else f"{seconds:.0f} s"
    )
