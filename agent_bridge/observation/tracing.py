"""Has spans recorded, where the environment says where to send them."""

from __future__ import annotations

import logging
import os
import sys
import threading
from importlib.metadata import entry_points
from typing import Any, Final

log = logging.getLogger(__name__)

# One of them says where spans go. Without any, the default would be a collector that is not there.
_WHERE: Final = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_LAST_SECONDS: Final = 2.0
_PROTOCOLS: Final = {"grpc": "otlp_proto_grpc", "http/protobuf": "otlp_proto_http"}


def set_up() -> bool:
    """Have the SDK record spans as the standard variables say; it reads most of them itself.

    Returns:
        Whether they are recorded.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    names = [name for name in os.environ.get("OTEL_TRACES_EXPORTER", "otlp").split(",") if name != "none"]
    if not names or not any(os.environ.get(name) for name in _WHERE):
        return False
    if "opentelemetry.sdk.trace" in sys.modules:
        return True  # whoever started the agent has seen to it, as `opentelemetry-instrument` does
    os.environ.setdefault("OTEL_SERVICE_NAME", "cmdop-agent")
    try:
        exporters = [_exporter(name.strip()) for name in names]
        _record(exporters)
    except Exception as exc:  # noqa: BLE001 -- foreign code; an agent without spans is better than none
        log.warning("no spans are recorded: %.300s", exc)
        return False
    log.info("spans are recorded")
    return True


def shut_down() -> None:
    """Send what was not sent yet; blocks for two seconds at most."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    end = getattr(trace.get_tracer_provider(), "shutdown", None) if trace is not None else None
    if end is None:
        return
    # A collector that does not answer would hold up the agent's end for half a minute.
    ending = threading.Thread(target=end, daemon=True)
    ending.start()
    ending.join(_LAST_SECONDS)


def _exporter(name: str) -> Any:
    """An exporter by the name that OTEL_TRACES_EXPORTER gives it."""
    if name == "otlp":
        protocol = (
            os.environ.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
            or os.environ.get("OTEL_EXPORTER_OTLP_PROTOCOL")
            or "grpc"
        )
        name = _PROTOCOLS.get(protocol, protocol)
    found = list(entry_points(group="opentelemetry_traces_exporter", name=name))
    if not found:
        raise LookupError(
            f"there is no exporter {name!r}; install opentelemetry-sdk and the exporter's package"
        )
    return found[0].load()()


def _record(exporters: list[Any]) -> None:
    from opentelemetry import trace  # noqa: PLC0415 -- both are optional
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(shutdown_on_exit=False)
    for exporter in exporters:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
