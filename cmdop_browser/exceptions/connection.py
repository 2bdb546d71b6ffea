"""The agent could not be reached, or stopped answering."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

from cmdop_browser.exceptions.base import CMDOPError, error, one_of, parsed, texts
from cmdop_browser.exceptions.causes import Outcome
from cmdop_browser.exceptions.plain import clean_text
from cmdop_browser.exceptions.text import quote, seconds


def path_text(value: Any) -> str | None:
    """Parse a path: kept as text, so that it means the same on both sides."""
    return None if value is None else clean_text(str(value))


@error(
    "CONNECTION_FAILED", http_status=503, retryable=True, summary="The browser agent could not be reached."
)
class ConnectionError(CMDOPError, builtins.ConnectionError):
    """The agent could not be reached, or this client is closed."""


@error("AGENT_NOT_RUNNING", http_status=503, summary="The browser agent is not running.")
class AgentNotRunningError(ConnectionError):
    """No agent of that name runs on this machine.

    Attributes:
        agent: The agent's name.
        searched: Where its discovery file was looked for.
    """

    agent: str | None = None
    searched: tuple[str, ...] = parsed(texts, default=())

    def _compose(self) -> str:
        return f"agent {quote(self.agent)} is not running" if self.agent else super()._compose()

    def _default_tips(self) -> tuple[str, ...]:
        name = "" if self.agent in {None, "default"} else f" --agent {self.agent}"
        return (
            "start it from code: CMDOPClient.local(start=True)",
            f"or from a shell: cmdop-browser serve{name}",
        )


@error(
    "STALE_DISCOVERY_FILE", http_status=503, summary="The browser agent is gone but left its address behind."
)
class StalePortFileError(ConnectionError):
    """A discovery file is there, the agent that wrote it is not.

    Attributes:
        discovery_path: The file.
        reason: What shows that the agent is gone.
    """

    discovery_path: str | None = parsed(path_text, default=None)
    reason: str | None = None

    def cleanup(self) -> bool:
        """Remove the file unless it has become valid again; safe to call twice.

        Returns:
            Whether this call removed it.

        Raises:
            PermissionDeniedError: The file belongs to another user.
        """
        if self.discovery_path is None:
            return False
        # Imported here, because the rendezvous raises this very error; and by name
        # rather than handed over, so that it also works after unpickling elsewhere.
        from cmdop_browser.wire.rendezvous import remove_stale  # noqa: PLC0415

        return remove_stale(Path(self.discovery_path))

    def _compose(self) -> str:
        where = f" {quote(self.discovery_path)}" if self.discovery_path else ""
        return f"stale discovery file{where}" + (f": {self.reason}" if self.reason else "")

    def _default_tips(self) -> tuple[str, ...]:
        return (
            "remove it: error.cleanup(), then CMDOPClient.local(start=True)",
            "or let get_client_with_recovery() do both",
        )


@error(
    "CONNECTION_TIMEOUT", http_status=504, retryable=True, summary="The browser agent did not answer in time."
)
class ConnectionTimeoutError(ConnectionError, builtins.TimeoutError):
    """The agent did not answer within the call's deadline.

    Attributes:
        timeout_seconds: The deadline that the caller gave.
        operation: The call that waited.
        outcome: What became of the call, where more is known than that nothing was heard of it.
    """

    _may_have_run = True

    timeout_seconds: float | None = None
    operation: str | None = None
    outcome: Outcome | None = parsed(one_of(Outcome), default=None)

    def _compose(self) -> str:
        subject = self.operation or "the call"
        limit = f" within {seconds(self.timeout_seconds)}" if self.timeout_seconds is not None else " in time"
        return f"{subject} got no answer{limit}"

    def _default_tips(self) -> tuple[str, ...]:
        return (
            "see whether the agent is alive: cmdop-browser doctor",
            "or give the call more time: timeout=…",
        )


@error(
    "CONNECTION_LOST", http_status=503, retryable=True, summary="The connection to the browser agent broke."
)
class ConnectionLostError(ConnectionError):
    """The connection broke after the agent had answered on it.

    Attributes:
        last_sequence: The last message received, of a stream that broke.
        outcome: What became of the call that was under way; None when none was.
    """

    _may_have_run = True

    last_sequence: int | None = None
    outcome: Outcome | None = parsed(one_of(Outcome), default=None)

    def _of_a_read(self) -> bool:
        return True  # an act whose connection broke has a key

    def _default_tips(self) -> tuple[str, ...]:
        return ("client.reconnect() reaches the agent again", "or decorate the job with @with_auto_restart")
