"""What may be done again after a loss, and what may not. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser import _methods as methods
from cmdop_browser.exceptions import (
    AgentOfflineError,
    BrowserSessionClosedError,
    CloseReason,
    ConnectionLostError,
    Outcome,
    SessionInterruptedError,
)

if TYPE_CHECKING:
    from cmdop_browser._methods import Method

# A page that takes its renderer along each time costs its call, and not the session.
MAX_REPLAYS: Final = 2

# To make them twice is to make them once. Not among them: `back`, `forward` and `reload`,
# which send a form again when the page was made by one.
_READS: Final = frozenset(
    {
        methods.NAVIGATE.path,
        methods.LOCATION.path,
        methods.TITLE.path,
        methods.INFO.path,
        methods.FOR_SELECTOR.path,
        methods.FOR_URL.path,
        methods.FOR_FUNCTION.path,
        methods.FOR_IDLE.path,
        methods.SCREENSHOT.path,
        methods.PDF.path,
        methods.GET_COOKIES.path,
        methods.GET_STORAGE_STATE.path,
        methods.HTML.path,
        methods.TEXT.path,
        methods.SELECT.path,
        methods.ATTRS.path,
        methods.COUNT.path,
        methods.LINKS.path,
        methods.TABLE.path,
    }
)
# After these a whole `fetch`, which has a session of its own, can be made again.
_LOSSES: Final = frozenset(
    {
        CloseReason.RENDERER_CRASH,
        CloseReason.RENDERER_HANG,
        CloseReason.OUT_OF_MEMORY,
        CloseReason.BROWSER_CRASH,
        CloseReason.DRIVER_CRASH,
        CloseReason.AGENT_RESTART,
        CloseReason.RECYCLED,
        CloseReason.SHUTDOWN,
    }
)


class InstanceGoneError(Exception):
    """The instance that a call was meant for is not the one that is connected."""


def is_read(method: Method[Any, Any]) -> bool:
    """Whether a call of *method* can be made again when nobody knows whether it ran."""
    return method.path in _READS


@dataclass(frozen=True, slots=True)
class Loss:
    """What a session that can be restored was lost by.

    Attributes:
        outcome: What became of the call.
        epoch: The session's new epoch, when its agent rebuilds it; None when the agent is gone.
        is_to_be_told: Whether the call did not run because there is something to do before it.
    """

    outcome: Outcome
    epoch: int | None = None
    is_to_be_told: bool = False

    @classmethod
    def behind(cls, error: BaseException) -> Loss | None:
        """The loss that *error* tells of; None when it tells of something else."""
        match error:
            case SessionInterruptedError():
                epoch = error.details.get("epoch")
                did_not_run = error.outcome is Outcome.NOT_EXECUTED
                is_to_be_told = did_not_run and not error.retryable
                return cls(error.outcome, epoch, is_to_be_told) if isinstance(epoch, int) else None
            case BrowserSessionClosedError(reason=CloseReason.SHUTDOWN):
                return cls(error.outcome or Outcome.UNKNOWN)
            case InstanceGoneError() | AgentOfflineError() | ConnectionLostError():
                return cls(Outcome.NOT_EXECUTED if was_not_sent(error) else Outcome.UNKNOWN)
            case _:
                return None

    def permits_replay(self, *, read: bool) -> bool:
        """Whether the call may be made again: when it did not run, or when that does not matter."""
        return read or (self.outcome is Outcome.NOT_EXECUTED and not self.is_to_be_told)


def was_not_sent(error: Exception) -> bool:
    """Whether a call failed because there is no connection to the agent that it was meant for."""
    if isinstance(error, ConnectionLostError):
        return error.outcome is Outcome.NOT_EXECUTED
    return isinstance(error, InstanceGoneError | AgentOfflineError)


def ends_a_fetch(error: Exception) -> bool:
    """Whether *error* says that agent, browser or page went away under a `fetch`."""
    if isinstance(error, BrowserSessionClosedError):
        return error.reason in _LOSSES
    return isinstance(error, AgentOfflineError | ConnectionLostError)
