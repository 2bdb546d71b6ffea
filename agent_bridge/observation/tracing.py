"""Has spans recorded, where the environment says where to send them."""

from __future__ import annotations

import logging
import os
import sys
from importlib.metadata import entry_points
from typing import Any, Final

log = logging.getLogger(__name__)

# One of them says where spans go. Without any, the SDK would look for a collector that is not there.
_WHERE: Final = ("OTEL_TRACES_EXPORTER", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_DEFAULTS: Final = {
    "OTEL_SERVICE_NAME": "cmdop-agent",
    # Of these the agent has none; their default would be a collector, too.
    "OTEL_METRICS_EXPORTER": "none",
    "OTEL_LOGS_EXPORTER": "none",
}


def set_up() -> bool:
    """Let the SDK configure itself by the standard variables, as `opentelemetry-instrument` does.

    Returns:
        Whether spans are recorded.
    """
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER") == "none" or not any(os.environ.get(name) for name in _WHERE):
        return False
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    wanted = os.environ.get("OTEL_PYTHON_CONFIGURATOR", "configurator")
    found = list(entry_points(group="opentelemetry_configurator", name=wanted))
    if not found:
        log.warning("no spans are recorded: opentelemetry-sdk is not installed")
        return False
    try:
        found[0].load()().configure()
    except Exception as exc:  # noqa: BLE001 -- foreign code; an agent without spans is better than none
        log.warning("no spans are recorded: the SDK cannot be configured: %.300s", exc)
        return False
    log.info("spans are recorded")
    return True


def shut_down() -> None:
    """Send what was not sent yet."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    end = getattr(trace.get_tracer_provider(), "shutdown", None) if trace is not None else None
    if end is not None:
        end()
