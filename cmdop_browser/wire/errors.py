"""Errors on the wire: one boundary in each direction.

The agent turns an error into a ``google.rpc.Status`` that holds ``ErrorInfo``,
``RetryInfo`` where there is something to wait for, and ``ErrorDetail``; the client
turns whatever gRPC raises into an error of the tree.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, cast
from urllib.parse import quote

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2  # type: ignore[import-untyped]
from grpc_status import rpc_status  # type: ignore[import-untyped]

from cmdop_browser import exceptions as errors
from cmdop_browser.wire.bare_status import CLASS_OF_STATUS, BareStatus
from cmdop_browser.wire.error_detail import Record, decode_detail, encode_detail, shorten
from cmdop_browser.wire.v1.errors_pb2 import ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cmdop_browser.exceptions import CMDOPError

__all__ = [
    "CLASS_OF_STATUS",
    "ERROR_DOMAIN",
    "GRPC_STATUS_OF",
    "MAX_TRAILER_BYTES",
    "from_rpc_error",
    "is_cut",
    "status_code",
    "status_from_error",
    "trailer_bytes",
]

ERROR_DOMAIN: Final = "cmdop.browser.v1"
DETAILS_KEY: Final = "grpc-status-details-bin"

# Half of the soft limit that gRPC puts on all metadata of a call by default.
MAX_TRAILER_BYTES: Final = 4096
_MAX_STATUS_MESSAGE: Final = 120
# What gRPC adds to the trailer itself: names, status, and HTTP/2's overhead per header.
_TRAILER_OVERHEAD: Final = 256

_Code = grpc.StatusCode

GRPC_STATUS_OF: Final[Mapping[type[CMDOPError], grpc.StatusCode]] = MappingProxyType(
    {
        errors.CMDOPError: _Code.UNKNOWN,
        errors.ConnectionError: _Code.UNAVAILABLE,
        errors.AgentNotRunningError: _Code.UNAVAILABLE,
        errors.StalePortFileError: _Code.UNAVAILABLE,
        errors.ConnectionTimeoutError: _Code.DEADLINE_EXCEEDED,
        errors.ConnectionLostError: _Code.UNAVAILABLE,
        errors.AuthenticationError: _Code.UNAUTHENTICATED,
        errors.InvalidAPIKeyError: _Code.UNAUTHENTICATED,
        errors.PermissionDeniedError: _Code.PERMISSION_DENIED,
        errors.TokenExpiredError: _Code.UNAUTHENTICATED,
        errors.MethodNotFoundError: _Code.UNIMPLEMENTED,
        errors.AgentError: _Code.INTERNAL,
        errors.AgentOfflineError: _Code.UNAVAILABLE,
        errors.AgentBusyError: _Code.RESOURCE_EXHAUSTED,
        errors.AgentStartError: _Code.FAILED_PRECONDITION,
        errors.AgentExistsError: _Code.ALREADY_EXISTS,
        errors.AgentAttachError: _Code.FAILED_PRECONDITION,
        errors.AgentStopError: _Code.FAILED_PRECONDITION,
        errors.AgentAmbiguousError: _Code.FAILED_PRECONDITION,
        errors.InternalError: _Code.INTERNAL,
        errors.FeatureNotAvailableError: _Code.UNIMPLEMENTED,
        errors.BackendNotFoundError: _Code.FAILED_PRECONDITION,
        errors.TmuxNotFoundError: _Code.FAILED_PRECONDITION,
        errors.ContainerRuntimeNotFoundError: _Code.FAILED_PRECONDITION,
        errors.BrowserNotInstalledError: _Code.FAILED_PRECONDITION,
        errors.SessionError: _Code.FAILED_PRECONDITION,
        errors.SessionNotFoundError: _Code.NOT_FOUND,
        errors.SessionExistsError: _Code.ALREADY_EXISTS,
        errors.SessionClosedError: _Code.FAILED_PRECONDITION,
        errors.SessionInterruptedError: _Code.CANCELLED,
        errors.FileError: _Code.FAILED_PRECONDITION,
        errors.FileNotFoundError: _Code.NOT_FOUND,
        errors.FilePermissionError: _Code.PERMISSION_DENIED,
        errors.FileTooLargeError: _Code.INVALID_ARGUMENT,
        errors.BrowserError: _Code.FAILED_PRECONDITION,
        errors.BrowserSessionClosedError: _Code.FAILED_PRECONDITION,
        errors.BrowserNavigationError: _Code.FAILED_PRECONDITION,
        errors.BrowserElementNotFoundError: _Code.NOT_FOUND,
        errors.BrowserTimeoutError: _Code.DEADLINE_EXCEEDED,
        errors.BrowserScriptError: _Code.FAILED_PRECONDITION,
        errors.ExecutionError: _Code.FAILED_PRECONDITION,
        errors.BadRequestError: _Code.INVALID_ARGUMENT,
        errors.ConflictError: _Code.ABORTED,
        errors.IdempotencyMismatchError: _Code.ABORTED,
        errors.ConfigurationError: _Code.FAILED_PRECONDITION,
        errors.RateLimitError: _Code.RESOURCE_EXHAUSTED,
    }
)
"""The status that each class travels under."""


class _Call(Protocol):
    """What both flavours of a failed call can tell."""

    def code(self) -> grpc.StatusCode | None: ...
    def details(self) -> str | None: ...
    def trailing_metadata(self) -> Iterable[tuple[str, str | bytes]] | None: ...


def status_from_error(error: CMDOPError) -> grpc.Status:
    """The status to end a call with, its trailer under :data:`MAX_TRAILER_BYTES`.

    What does not fit is cut, the least useful first, and ``truncated`` is set; see
    :func:`cmdop_browser.wire.error_detail.shorten` for the order.
    """
    record, truncated = _shortened(error)
    code = status_code(type(error))
    status: grpc.Status = rpc_status.to_status(_pack(code, record, truncated=truncated))
    return status


def is_cut(error: CMDOPError) -> bool:
    """Whether something of *error* does not fit in a trailer."""
    return _shortened(error)[1]


def _shortened(error: CMDOPError) -> tuple[Record, bool]:
    code = status_code(type(error))
    return shorten(
        error.to_dict(),
        lambda candidate: trailer_bytes(_pack(code, candidate, truncated=True)) < MAX_TRAILER_BYTES,
    )


def status_code(cls: type[CMDOPError]) -> grpc.StatusCode:
    """The status of *cls*, or of its nearest ancestor that has one."""
    return next(GRPC_STATUS_OF[base] for base in cls.__mro__ if base in GRPC_STATUS_OF)


def trailer_bytes(status: status_pb2.Status) -> int:
    """Size of the trailer that carries *status*: base64 for details, escapes for the message."""
    encoded: int = -(-status.ByteSize() * 4 // 3)
    return encoded + len(quote(status.message)) + _TRAILER_OVERHEAD


def _pack(code: grpc.StatusCode, record: Record, *, truncated: bool) -> status_pb2.Status:
    number: int = code.value[0]
    status = status_pb2.Status(code=number, message=record["message"][:_MAX_STATUS_MESSAGE])
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=record["code"], domain=ERROR_DOMAIN))
    wait = record["fields"].get("retry_after_seconds")
    if wait is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(round(wait * 1e9))
        status.details.add().Pack(retry)
    status.details.add().Pack(encode_detail(record, truncated=truncated))
    return status


def from_rpc_error(
    exc: grpc.RpcError,
    *,
    operation: str | None = None,
    timeout_seconds: float | None = None,
    answered_before: bool = False,
    agent_id: str | None = None,
    request_id: str | None = None,
    idempotency_key: str | None = None,
) -> CMDOPError:
    """The error of the tree that a failed call stands for.

    Args:
        exc: What gRPC raised, of the blocking or the asyncio API.
        operation: The call as the user knows it: ``click``, ``navigate``.
        timeout_seconds: The timeout that the user gave or got by default.
        answered_before: Whether the agent had answered on this connection, which
            tells a connection that broke from an agent that is not there.
        agent_id: The instance that was called.
        request_id: The id that the call was sent with.
        idempotency_key: The key that the call was sent with, None for reads.

    Returns:
        The error, not raised; raise it ``from exc``.
    """
    sent = {"request_id": request_id, "idempotency_key": idempotency_key, "agent_id": agent_id}
    call = cast("_Call", exc)
    code = call.code() if hasattr(exc, "code") else None
    record = _record(call) if hasattr(exc, "trailing_metadata") else None
    if record is not None and record["code"] not in errors.ERROR_CLASSES:
        # From a later version: of what this one knows, the status comes nearest.
        record["code"] = CLASS_OF_STATUS[code or _Code.UNKNOWN].code
        record["fields"] = {}
    if record is not None:
        return errors.error_from_dict(
            {**record, **{name: record.get(name) or own for name, own in sent.items()}}
        )
    text = (call.details() if hasattr(exc, "details") else str(exc)) or ""
    return BareStatus(code or _Code.UNKNOWN, text, operation, timeout_seconds, answered_before, sent).error()


def _record(call: _Call) -> Record | None:
    """What the agent said, or None when it said nothing that can be read."""
    for key, value in call.trailing_metadata() or ():
        if key == DETAILS_KEY:
            try:
                status = status_pb2.Status.FromString(value if isinstance(value, bytes) else value.encode())
                return _unpack(status)
            except (DecodeError, ValueError):
                return None
    return None


def _unpack(status: status_pb2.Status) -> Record | None:
    detail, info, retry = ErrorDetail(), error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    messages = (detail, info, retry)
    found = {into.DESCRIPTOR.name for part in status.details for into in messages if part.Unpack(into)}
    if "ErrorDetail" in found:
        return decode_detail(detail)
    if "ErrorInfo" not in found or info.reason not in errors.ERROR_CLASSES:
        return None
    fields = {"retry_after_seconds": retry.retry_delay.ToNanoseconds() / 1e9} if "RetryInfo" in found else {}
    return {"code": info.reason, "message": status.message, "fields": fields}
