"""What a real agent lets be seen of itself: log, metrics, spans, status."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import urllib.request
from typing import TYPE_CHECKING, Any, Final

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanContext, SpanKind, StatusCode
from prometheus_client.parser import text_string_to_metric_families

from cmdop_browser.exceptions import AgentBusyError, BrowserElementNotFoundError, ConfigurationError
from tests.agents import RunningAgent
from tests.process.faults.faults import below, is_driver, is_renderer
from tests.process.shell import ROOT
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from prometheus_client import Metric

    from tests.flavours import Flavour
    from tests.process.shell import Shell

CLICK: Final = "cmdop.browser.v1.ActionService/Click"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Watched:
    """An agent that is watched by all means.

    Attributes:
        agent: The agent.
    """

    def __init__(self, agent: RunningAgent, port: int) -> None:
        self.agent = agent
        self._port = port

    def lines(self) -> list[dict[str, Any]]:
        *whole, _ = self.agent.log().split("\n")
        return [json.loads(line) for line in whole]

    def families(self) -> list[Metric]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/metrics") as reply:
            return list(text_string_to_metric_families(reply.read().decode()))

    def metrics(self) -> dict[tuple[str, ...], float]:
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in self.families()
            for sample in family.samples
            if "le" not in sample.labels
        }

    def spans(self) -> list[dict[str, Any]]:
        decoder, text, found = json.JSONDecoder(), self.agent.said().lstrip(), []
        while text:
            try:
                span, end = decoder.raw_decode(text)
            except ValueError:  # the last one is being written
                break
            found.append(span)
            text = text[end:].lstrip()
        return found


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """The spans of this process."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return exporter


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    port = free_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_TRACES_EXPORTER", "console")
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
        with RunningAgent(
            tmp_path_factory.mktemp("watched"), shards=1, max_sessions=3, metrics_port=port, log_level="DEBUG"
        ) as agent:
            yield Watched(agent, port)


@pytest.fixture
def watched(running: Watched, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(running.agent.runtime_dir))
    return running


async def _failed_click(session: Any) -> BrowserElementNotFoundError:
    with pytest.raises(BrowserElementNotFoundError) as caught:
        await session.click("#nope", timeout=0.2)
    return caught.value


async def test_the_request_id_of_an_error_finds_its_lines(watched: Watched, flavour: Flavour) -> None:
    async with flavour.local() as client, client.browser.create_session() as session:
        error = await _failed_click(session)

    def told() -> list[dict[str, Any]]:
        about = [line for line in watched.lines() if line.get("request_id") == error.request_id]
        return [line for line in about if "method" in line]

    await asyncio.to_thread(eventually, told)
    (line,) = told()
    assert (line["method"], line["outcome"]) == ("ActionService/Click", error.code)
    assert (line["session_id"], line["instance_id"]) == (session.id, error.agent_id)
    assert line["agent"] == "default"
    assert line["duration"] > 0.1
    (opened,) = [line for line in watched.lines() if line["event"].startswith(f"session {session.id} opened")]
    assert opened["client_id"] == line["client_id"]
    assert str(watched.agent.record["token"]) not in watched.agent.log()


async def test_metrics_tell_what_happens(watched: Watched, flavour: Flavour) -> None:
    click = ("cmdop_call_duration_seconds_count", "ActionService/Click", "BROWSER_ELEMENT_NOT_FOUND")
    before = watched.metrics()
    async with flavour.local() as client:
        sessions = [await client.browser.create_session() for _ in range(3)]
        await _failed_click(sessions[0])
        now = watched.metrics()
        assert now["cmdop_sessions",] == now["cmdop_session_slots_used",] == now["cmdop_session_slots",] == 3
        assert now["cmdop_clients",] == 1
        # The agent notes a call when its answer is on its way.
        await asyncio.to_thread(
            eventually, lambda: watched.metrics().get(click, 0) - before.get(click, 0) == 1
        )
        assert now["cmdop_artifacts_bytes",] > 0

        given_up = ("cmdop_session_wait_seconds_count", "given_up")
        waiting = asyncio.ensure_future(client.browser.create_session(queue_timeout=4.0))
        await asyncio.to_thread(eventually, lambda: watched.metrics()["cmdop_session_queue_length",] == 1)
        with pytest.raises(AgentBusyError):
            await waiting
        await asyncio.to_thread(
            eventually, lambda: watched.metrics().get(given_up, 0) - before.get(given_up, 0) == 1
        )

        for renderer in below(watched.agent.process.pid, is_renderer):
            renderer.kill()
        lost = ("cmdop_page_losses_total", "RENDERER_CRASH")
        await asyncio.to_thread(eventually, lambda: watched.metrics().get(lost, 0) - before.get(lost, 0) == 3)
        ended = ("cmdop_sessions_ended_total", "RENDERER_CRASH")
        await asyncio.to_thread(
            eventually, lambda: watched.metrics().get(ended, 0) - before.get(ended, 0) == 3
        )
    await asyncio.to_thread(eventually, lambda: watched.metrics()["cmdop_memory_bytes", "browsers"] > 2**20)
    now = watched.metrics()
    assert 2**20 < now["cmdop_memory_bytes", "agent"] < 2**30
    assert now["cmdop_storage_failing", "temporary"] == 0
    assert ("cmdop_event_loop_lag_seconds",) in now


def test_the_metrics_are_those_that_are_documented(watched: Watched) -> None:
    page = (ROOT / "docs" / "observation.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(cmdop_\w+)` \| (\w+) \| (.*?) \|", page, re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"`(\w+)`(?=[:,]|$)", labels))) for name, kind, labels in rows}
    served = {family.name: family for family in watched.families() if family.name.startswith("cmdop_")}
    names = {name.removesuffix("_total"): name for name in documented}
    assert set(names) == set(served)
    for short, name in names.items():
        kind, labels = documented[name]
        assert served[short].type == kind, name
        for sample in served[short].samples:
            assert set(sample.labels) - {"le"} <= labels, name


async def test_restarts_are_counted_by_cause(watched: Watched, flavour: Flavour) -> None:
    async with flavour.local(timeout=20.0) as client:
        before = client.agent_info.restarts
        session = await client.browser.create_session(on_crash="restore")
        for is_victim in (is_renderer, is_driver):
            victim = below(watched.agent.process.pid, is_victim)[0]
            epoch = (await session.info()).epoch
            victim.kill()
            async with asyncio.timeout(20):
                while (await session.info()).epoch == epoch:
                    pass
    async with flavour.local() as client:
        info = client.agent_info
    now = info.restarts
    assert list(now) == ["page", "context", "browser", "driver", "agent"]
    assert {cause: now[cause] - before[cause] for cause in now} == {
        "page": 1,
        "context": 0,
        "browser": 0,
        "driver": 1,
        "agent": 0,
    }
    assert info.losses["DRIVER_CRASH"] >= 1
    assert info.memory.limit > info.memory.page_limit > 0
    assert info.pressure.clients == 0  # who only asks is not attached yet
    assert info.troubles == ()


def _context(span: ReadableSpan) -> SpanContext:
    context = span.get_span_context()
    assert context is not None
    return context


async def test_a_call_is_one_trace_on_both_sides(
    watched: Watched, flavour: Flavour, exporter: InMemorySpanExporter
) -> None:
    async with flavour.local() as client, client.browser.create_session() as session:
        exporter.clear()
        with trace.get_tracer("test").start_as_current_span("job"):
            assert await session.evaluate("1") == 1
            error = await _failed_click(session)
    job, click = (
        next(span for span in exporter.get_finished_spans() if span.name == name) for name in ("job", CLICK)
    )
    assert click.parent is not None
    assert click.parent.span_id == _context(job).span_id
    assert click.kind is SpanKind.CLIENT
    assert click.status.status_code is StatusCode.ERROR
    assert dict(click.attributes or {}) == {
        "rpc.system.name": "grpc",
        "rpc.method": CLICK,
        "rpc.response.status_code": "NOT_FOUND",
        "server.address": watched.agent.record["socket"],
        "error.type": error.code,
        "cmdop.error.cause": error.cause,
        "cmdop.request.id": error.request_id,
        "cmdop.session.id": session.id,
    }
    evaluated = next(span for span in exporter.get_finished_spans() if "ScriptService" in span.name)
    assert evaluated.status.status_code is StatusCode.UNSET

    span_id = f"0x{_context(click).span_id:016x}"
    await asyncio.to_thread(
        eventually, lambda: [span for span in watched.spans() if span["parent_id"] == span_id]
    )
    (served,) = [span for span in watched.spans() if span["parent_id"] == span_id]
    assert served["context"]["trace_id"] == f"0x{_context(job).trace_id:032x}"
    assert (served["name"], served["kind"]) == (CLICK, "SpanKind.SERVER")
    assert served["status"]["status_code"] == "ERROR"
    assert served["attributes"]["cmdop.session.id"] == session.id
    assert served["attributes"]["error.type"] == error.code
    assert served["resource"]["attributes"]["service.name"] == "cmdop-agent"
    # A client's lease is no call: it would be a span as long as its life.
    assert not [span for span in watched.spans() if span["name"].endswith("/Attach")]


def test_a_port_that_is_taken_is_said_at_once(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        error = shell.json("agents", "start", code=2, CMDOP_METRICS_PORT=port)["error"]
        served = shell.run("serve", "--metrics-port", port)
    assert error["code"] == ConfigurationError.code
    assert f"127.0.0.1:{port}" in error["message"]
    assert "in use" in error["message"]
    assert error["tips"]
    assert served.returncode == 2
    assert "in use" in served.stderr


def test_metrics_without_what_serves_them(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "missing").mkdir()
    (tmp_path / "missing" / "prometheus_client.py").write_text("raise ImportError")
    path = f"{tmp_path / 'missing'}:{shell.environment['PYTHONPATH']}"
    error = shell.json("agents", "start", code=2, CMDOP_METRICS_PORT=str(free_port()), PYTHONPATH=path)[
        "error"
    ]
    assert "prometheus-client is not installed" in error["message"]
    assert any("cmdop-browser[metrics]" in tip for tip in error["tips"])


def test_agents_count_how_often_they_crashed(shell: Shell) -> None:
    shell.runtime.mkdir(mode=0o700)
    for _ in range(2):
        with RunningAgent(shell.runtime) as agent:
            agent.kill()
    shell.run("agents", "stop")  # which cleans up, and does not count as a start
    with RunningAgent(shell.runtime):
        assert shell.json("agents", "status")["restarts"]["agent"] == 2
    with RunningAgent(shell.runtime):
        assert shell.json("agents", "status")["restarts"]["agent"] == 2
        assert "agent 2" in shell.run("agents", "status").stdout
