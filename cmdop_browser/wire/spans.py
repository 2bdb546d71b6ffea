"""Spans of calls, on both ends: how they are named, joined and ended.

OpenTelemetry is used where the program has it already: whoever wants spans has imported
it to say where they go. Where nobody has, a call costs one look into a dictionary.

The attributes are those of the semantic conventions for gRPC (``rpc.*``, ``error.type``,
``server.address``), and ``cmdop.*`` where there are none.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final, Self

import grpc

from cmdop_browser.wire.errors import from_rpc_error, status_code

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from cmdop_browser.exceptions import CMDOPError

Metadata = tuple[tuple[str, str], ...]

CANCELLED: Final = "CANCELLED"
_OK: Final = "OK"

_readers: Final[dict[type, Callable[[Any], str]]] = {}


def session_of(message: object) -> str:
    """The id of the session that a request or a reply names, "" where it names none."""
    kind = type(message)
    reader = _readers.get(kind)
    if reader is None:
        reader = _readers[kind] = _reader(kind)
    return reader(message)


def start(
    path: str,
    *,
    scope: str,
    version: str,
    server: bool,
    carrier: Mapping[str, str] | None = None,
    **more: str,
) -> Any:
    """Start the span of a call.

    Args:
        path: Of the method, as gRPC has it.
        scope: The package that makes the call or answers it.
        version: Its version.
        server: Whether it answers.
        carrier: Metadata in which the caller may name its own span; None for the present one.
        **more: Attributes; their names have ``_`` in place of ``.``.

    Returns:
        None where the program does not use OpenTelemetry.
    """
    trace: Any = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    from opentelemetry import propagate  # noqa: PLC0415 -- it is there, and used only now

    method = path.removeprefix("/")
    attributes = {name.replace("_", "."): value for name, value in more.items() if value}
    return trace.get_tracer(scope, version).start_span(
        method,
        context=None if carrier is None else propagate.extract(carrier),
        kind=trace.SpanKind.SERVER if server else trace.SpanKind.CLIENT,
        # These at once: samplers look at them.
        attributes={"rpc.system.name": "grpc", "rpc.method": method, **attributes},
    )


def metadata(span: Any) -> Metadata:
    """What tells the other side of *span*; () without one."""
    if span is None:
        return ()
    from opentelemetry import propagate, trace  # noqa: PLC0415

    carrier: dict[str, str] = {}
    propagate.inject(carrier, trace.set_span_in_context(span))
    return tuple((name.lower(), value) for name, value in carrier.items())


class ClientSpan:
    """The span of a call that this side makes: a context manager around the call.

    Attributes:
        metadata: Tells the other side of it.
    """

    def __init__(self, path: str, request: object, *, scope: str, version: str, address: str) -> None:
        self._span = start(path, scope=scope, version=version, server=False, server_address=address)
        self._session_id = session_of(request) if self._span is not None else ""
        self.metadata = metadata(self._span)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._span is None:
            return
        failed = from_rpc_error(error) if isinstance(error, grpc.RpcError) else None
        is_cancelled = error is not None and failed is None
        end(self._span, error=failed, cancelled=is_cancelled, session_id=self._session_id)


def carrier_of(found: Iterable[tuple[str, str | bytes]]) -> dict[str, str] | None:
    """The texts of a call's metadata; None where nobody would read them."""
    if "opentelemetry.trace" not in sys.modules:
        return None
    return {name: value for name, value in found if isinstance(value, str)}


def end(span: Any, *, error: CMDOPError | None = None, cancelled: bool = False, session_id: str = "") -> None:
    """End *span*, with what the call came to."""
    if span is None:
        return
    from opentelemetry.trace import StatusCode  # noqa: PLC0415

    if session_id:
        span.set_attribute("cmdop.session.id", session_id)
    if error is not None:
        span.set_attributes(_attributes_of(error))
        span.set_status(StatusCode.ERROR, error.message)
    elif cancelled:
        span.set_attributes({"rpc.response.status_code": CANCELLED, "error.type": CANCELLED})
        span.set_status(StatusCode.ERROR, "cancelled")
    else:
        span.set_attribute("rpc.response.status_code", _OK)
    span.end()


def _attributes_of(error: CMDOPError) -> dict[str, str]:
    found = {"rpc.response.status_code": status_code(type(error)).name, "error.type": error.code}
    why = getattr(error, "cause", None) or getattr(error, "reason", None)
    if why is not None:
        found["cmdop.error.cause"] = str(getattr(why, "value", why))
    if error.request_id:
        found["cmdop.request.id"] = error.request_id
    return found


def _reader(kind: type) -> Callable[[Any], str]:
    """How a session is read from messages of a kind; looked up once, since each call asks."""
    described = getattr(kind, "DESCRIPTOR", None)
    fields = () if described is None else described.fields_by_name
    if "call" in fields:
        return lambda message: str(message.call.session.session_id)
    if "session" in fields:
        return lambda message: str(message.session.session_id)
    if "session_id" in fields:
        return lambda message: str(message.session_id)
    return lambda _message: ""
