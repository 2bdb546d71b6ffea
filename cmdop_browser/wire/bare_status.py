"""An error for a status that came without details: from gRPC itself, or from a stranger."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import grpc

from cmdop_browser import exceptions as errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cmdop_browser.exceptions import CMDOPError

_Code = grpc.StatusCode

CLASS_OF_STATUS: Final[Mapping[grpc.StatusCode, type[CMDOPError]]] = MappingProxyType(
    {
        _Code.OK: errors.InternalError,  # no error has this status, unless gRPC itself is at fault
        _Code.CANCELLED: errors.SessionInterruptedError,
        _Code.UNKNOWN: errors.InternalError,
        _Code.INVALID_ARGUMENT: errors.BadRequestError,
        _Code.DEADLINE_EXCEEDED: errors.ConnectionTimeoutError,
        _Code.NOT_FOUND: errors.SessionNotFoundError,
        _Code.ALREADY_EXISTS: errors.ConflictError,
        _Code.PERMISSION_DENIED: errors.PermissionDeniedError,
        _Code.RESOURCE_EXHAUSTED: errors.RateLimitError,
        _Code.FAILED_PRECONDITION: errors.SessionError,
        _Code.ABORTED: errors.ConflictError,
        _Code.OUT_OF_RANGE: errors.BadRequestError,
        _Code.UNIMPLEMENTED: errors.MethodNotFoundError,
        _Code.INTERNAL: errors.InternalError,
        _Code.UNAVAILABLE: errors.AgentOfflineError,
        _Code.DATA_LOSS: errors.InternalError,
        _Code.UNAUTHENTICATED: errors.InvalidAPIKeyError,
    }
)
"""The class of a status that came without details."""

# gRPC's server puts the text of an unhandled exception into the status; that text
# belongs into the agent's log.
_LEAKED_EXCEPTION: Final = re.compile(r"Unexpected <class |Exception (?:calling|iterating)")
_OVERSIZE: Final = re.compile(r"(?P<way>sent|received) message larger than max", re.IGNORECASE)


@dataclass(frozen=True)
class BareStatus:
    """All that is known about a call that failed without saying why.

    Attributes:
        code: What gRPC says.
        text: What it says in words.
        operation: The call as the user knows it.
        timeout_seconds: What the user allowed.
        answered_before: Whether the agent had answered on this connection.
        sent: The ids that the call was sent with.
    """

    code: grpc.StatusCode
    text: str
    operation: str | None
    timeout_seconds: float | None
    answered_before: bool
    sent: Mapping[str, Any]

    def error(self) -> CMDOPError:
        """The error of the tree that comes nearest."""
        if self.code is _Code.RESOURCE_EXHAUSTED and (oversize := _OVERSIZE.search(self.text)):
            return self._too_large(by_caller=oversize["way"].lower() == "sent")
        cls = CLASS_OF_STATUS[self.code]
        if cls is errors.AgentOfflineError and self.answered_before:
            cls = errors.ConnectionLostError
        message = "" if cls in _SELF_EXPLAINING else self._message(cls)
        return cls(message, **_FIELDS.get(cls, _no_fields)(self), details=self._details(), **self.sent)

    def _message(self, cls: type[CMDOPError]) -> str:
        text = "" if _LEAKED_EXCEPTION.match(self.text) else self.text
        opening = cls().message
        return f"{opening}: {text}" if text else opening

    def _details(self) -> dict[str, Any]:
        details: dict[str, Any] = {"grpc_status": self.code.name}
        if self.text and not _LEAKED_EXCEPTION.match(self.text):
            details["grpc_message"] = self.text
        if self.operation:
            details["operation"] = self.operation
        return details

    def _too_large(self, *, by_caller: bool) -> CMDOPError:
        subject = self.operation or "the call"
        if by_caller:
            return errors.BadRequestError(
                f"the arguments of {subject} are too large to send", details=self._details(), **self.sent
            )
        return errors.InternalError(
            f"the reply to {subject} is too large for one message", details=self._details(), **self.sent
        )


def _no_fields(_: BareStatus) -> dict[str, Any]:
    return {}


# Their own words, with the caller's operation and timeout, say more than gRPC's.
_SELF_EXPLAINING: Final = frozenset(
    {errors.ConnectionTimeoutError, errors.MethodNotFoundError, errors.SessionInterruptedError}
)
_FIELDS: Final[Mapping[type[CMDOPError], Callable[[BareStatus], dict[str, Any]]]] = MappingProxyType(
    {
        errors.ConnectionTimeoutError: lambda status: {
            "operation": status.operation,
            "timeout_seconds": status.timeout_seconds,
        },
        errors.ConnectionLostError: lambda _: {"outcome": errors.Outcome.UNKNOWN},
        errors.MethodNotFoundError: lambda status: {"method": status.operation},
        errors.SessionInterruptedError: lambda status: {"last_action": status.operation},
    }
)
