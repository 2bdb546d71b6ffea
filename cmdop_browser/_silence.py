"""What the age of an agent's heartbeat says about a call that got no answer."""

from __future__ import annotations

from typing import Final

# The agent shows a sign of life every second; a loaded machine may be late by some.
_LATE_SECONDS: Final = 4.0


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
