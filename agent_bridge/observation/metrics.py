"""Metrics for Prometheus, where a port is set for them.

They are collected when they are asked for, in the thread that answers: also of an agent
whose event loop is stuck. Only durations are noted as they come.
"""

from __future__ import annotations

import logging
from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final, Self

from cmdop_browser.exceptions import ConfigurationError

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterable, Iterator, Mapping

    from agent_bridge.observation.calls import CallObserver
    from agent_bridge.observation.figures import Figures
    from cmdop_browser.settings import Settings

log = logging.getLogger(__name__)

# From a ping to the longest of timeouts.
_CALL_BOUNDS: Final = (0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_WAIT_BOUNDS: Final = (0.01, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Histogram:
    """Counts of durations, by bounds, for each combination of labels."""

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def note(self, labels: tuple[str, ...], seconds: float) -> None:
        """Count one more."""
        counts = self._counts.get(labels)
        if counts is None:
            counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
        counts[bisect_left(self._bounds, seconds)] += 1
        self._sums[labels] = self._sums.get(labels, 0.0) + seconds

    def samples(self) -> Iterator[tuple[tuple[str, ...], list[tuple[str, float]], float]]:
        """Labels, cumulated counts by upper bound, and sum of each."""
        names = [*map(str, self._bounds), "+Inf"]
        for labels, counts in list(self._counts.items()):
            yield labels, list(zip(names, map(float, accumulate(counts)), strict=True)), self._sums[labels]


class Metrics:
    """What is measured, and the server that answers for it."""

    def __init__(self, figures: Figures, host: str, port: int, labels: Mapping[str, str]) -> None:
        """Measure from now on; nothing is served yet.

        Raises:
            ConfigurationError: prometheus-client is not installed.
        """
        try:
            import prometheus_client  # noqa: PLC0415 -- who wants no metrics need not have it
            from prometheus_client import core  # noqa: PLC0415
        except ImportError as error:
            raise ConfigurationError(
                "metrics_port is set, and prometheus-client is not installed",
                setting="metrics_port",
                tips=("install it: pip install 'cmdop-browser[metrics]'", "or remove the setting"),
            ) from error
        self._client, self._core = prometheus_client, core
        self._figures = figures
        self._host, self._port = host, port
        self._labels = dict(labels)
        self._calls = Histogram(_CALL_BOUNDS)
        self._waits = Histogram(_WAIT_BOUNDS)
        self._server: Any = None
        self._thread: threading.Thread | None = None

    @classmethod
    def of(
        cls, settings: Settings, figures: Figures, observer: CallObserver, agent: str, instance_id: str
    ) -> Self | None:
        """The metrics of an agent, joined to what they are of; None when the settings want none.

        Raises:
            ConfigurationError: prometheus-client is not installed.
        """
        if settings.metrics_port is None:
            return None
        labels = {"agent": agent, "instance_id": instance_id}
        metrics = cls(figures, settings.metrics_host, settings.metrics_port, labels)
        observer.meter = metrics
        figures.pool.admission.on_waited = metrics.waited
        return metrics

    # What is told as it happens

    def call_ended(self, method: str, outcome: str, seconds: float) -> None:
        """Take note of a call."""
        self._calls.note((method, outcome), seconds)

    def waited(self, seconds: float, admitted: bool) -> None:
        """Take note of a wait for a session."""
        self._waits.note(("admitted" if admitted else "given_up",), seconds)

    # Serving

    def serve(self) -> None:
        """Answer at the port from now on.

        Raises:
            ConfigurationError: The port cannot be had.
        """
        registry = self._client.CollectorRegistry(auto_describe=False)
        registry.register(self)
        self._client.ProcessCollector(registry=registry)
        try:
            self._server, self._thread = self._client.start_http_server(
                self._port, addr=self._host, registry=registry
            )
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            raise ConfigurationError(
                f"metrics cannot be served at {self._host}:{self._port}: {why}",
                setting="metrics_port",
                tips=(
                    "give each agent a port of its own: cmdop-browser serve --metrics-port N",
                    "or remove the setting (CMDOP_METRICS_PORT)",
                ),
            ) from error
        log.info("metrics are served at http://%s:%d/metrics", self._host, self._port)

    def close(self) -> None:
        """Answer no more, and give the port back; safe to call twice."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.shutdown()
        server.server_close()
        self._thread.join()

    # Collecting

    def collect(self) -> Iterable[Any]:
        """All families, with what they are at this moment."""
        yield from self._of_the_agent()
        yield from self._of_sessions()
        yield from self._of_troubles()
        yield self._histogram(
            "cmdop_call_duration_seconds", "Calls, by method and outcome.", ("method", "outcome"), self._calls
        )
        yield self._histogram(
            "cmdop_session_wait_seconds", "Waits for a session, by outcome.", ("outcome",), self._waits
        )

    def _of_the_agent(self) -> Iterator[Any]:
        figures, shards = self._figures, self._figures.shards
        from agent_bridge import __version__  # noqa: PLC0415 -- the package's own name, needed here alone

        info = {**self._labels, "version": __version__, "browser_version": shards.version}
        family = self._core.InfoMetricFamily("cmdop_agent", "Which agent this is.")
        family.add_metric((), info)
        yield family
        yield self._gauge("cmdop_agent_uptime_seconds", "Since it was ready.", figures.uptime)
        yield self._gauge(
            "cmdop_event_loop_lag_seconds", "The worst of the last ten seconds.", figures.lag.worst
        )
        sizes = {
            "agent": figures.own_memory,
            "browsers": shards.size,
            "largest_page": shards.largest_page,
        }
        yield self._gauges("cmdop_memory_bytes", "Resident and not shared, by part.", "part", sizes)
        yield self._gauge("cmdop_artifacts_bytes", "Kept on disk for errors.", figures.artifacts.size)
        yield self._counters(
            "cmdop_restarts", "What took the place of what was lost.", "cause", figures.restarts
        )
        yield self._counters(
            "cmdop_browsers_recycled", "Worn browsers that were replaced.", "cause", shards.recycled
        )
        yield self._core.CounterMetricFamily(
            "cmdop_browser_start_failures", "Browsers that did not start.", value=shards.starts.failed
        )

    def _of_sessions(self) -> Iterator[Any]:
        pool, shards = self._figures.pool, self._figures.shards
        admission = pool.admission
        yield self._gauge("cmdop_sessions", "Open.", len(pool))
        yield self._gauge("cmdop_session_slots", "Sessions that may be open at once.", admission.limit)
        yield self._gauge("cmdop_session_slots_used", "Slots that are taken.", admission.active)
        yield self._gauge("cmdop_session_queue_length", "Callers that wait for a session.", admission.queued)
        yield self._gauge("cmdop_clients", "Connected.", self._figures.leases.attached)
        yield self._counters("cmdop_sessions_ended", "By reason.", "reason", pool.ended)
        yield self._counters("cmdop_page_losses", "Pages that were lost, by reason.", "reason", shards.losses)

    def _of_troubles(self) -> Iterator[Any]:
        places, handler = self._figures.places, self._figures.log
        failing = {place.name: float(bool(place.problem)) for place in places}
        failures = {place.name: place.failures.total() for place in places}
        if handler is not None:
            failing["log"] = float(bool(handler.problem))
            failures["log"] = handler.lost
        yield self._gauges("cmdop_storage_failing", "1 where files cannot be written.", "place", failing)
        yield self._counters("cmdop_storage_failures", "Writes that failed.", "place", failures)

    # Families

    def _gauge(self, name: str, text: str, value: float) -> Any:
        return self._core.GaugeMetricFamily(name, text, value=value)

    def _gauges(self, name: str, text: str, label: str, values: Mapping[str, float]) -> Any:
        family = self._core.GaugeMetricFamily(name, text, labels=(label,))
        for each, value in dict(values).items():
            family.add_metric((each,), value)
        return family

    def _counters(self, name: str, text: str, label: str, values: Mapping[str, float]) -> Any:
        family = self._core.CounterMetricFamily(name, text, labels=(label,))
        for each, value in dict(values).items():
            family.add_metric((each,), value)
        return family

    def _histogram(self, name: str, text: str, labels: tuple[str, ...], counted: Histogram) -> Any:
        family = self._core.HistogramMetricFamily(name, text, labels=labels)
        for values, buckets, total in counted.samples():
            family.add_metric(values, buckets=buckets, sum_value=total)
        return family
