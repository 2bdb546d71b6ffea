"""What the age of an agent's heartbeat says about a call that got no answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cmdop_browser.exceptions import AgentOfflineError, ConnectionLostError, Outcome

# The agent shows a sign of life every second; a loaded machine may be late by some.
_LATE_SECONDS: Final = 4.0


def halted_error(
    operation: str, *, sent: bool, heartbeat_age: float | None, **ids: Any
) -> AgentOfflineError | ConnectionLostError:
    """The error of a call to an agent whose process stands still.

    Args:
        operation: The call as the user knows it.
        sent: Whether it had been sent: then it runs if the agent runs on.
        heartbeat_age: Seconds since the agent's last sign of life, None without a record.
        ids: Of the call and of the agent.
    """
    tips = (
        "let it run on: kill -CONT with the pid that cmdop-browser agents list shows",
        "or have it replaced: a client made with start=True does that when it connects",
    )
    if sent:
        return ConnectionLostError(
            f"the agent's process was stopped during {operation}, which runs if the agent runs on",
            outcome=Outcome.UNKNOWN,
            tips=tips,
            **ids,
        )
    last_seen = None
    if heartbeat_age is not None:
        last_seen = datetime.now(UTC) - timedelta(seconds=heartbeat_age)
    return AgentOfflineError(
        f"the agent's process is stopped, and {operation} was not sent", last_seen=last_seen, tips=tips, **ids
    )


def explain_silence(heartbeat_age: float | None) -> str:
    """One sentence for the caller of a call that timed out.

    Args:
        heartbeat_age: Seconds since the agent's last sign of life, None without a record.
    """
    if heartbeat_age is None:
        return (
            "the agent's discovery record is gone: it has ended; client.reconnect() finds or starts another"
        )
    if heartbeat_age > _LATE_SECONDS:
        return (
            f"the agent has shown no sign of life for {heartbeat_age:.0f} s: "
            "its process is stopped or starved; see cmdop-browser doctor"
        )
    return "the agent is alive: the call itself took too long; give it more time with timeout=…"
