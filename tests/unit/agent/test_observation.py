"""Parts of the observation, each by itself."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import sys
from typing import TYPE_CHECKING

import pytest

from agent_bridge.observation import storage, tracing
from agent_bridge.observation.history import History
from agent_bridge.observation.lag import LoopLag
from agent_bridge.observation.metrics import Histogram
from agent_bridge.observation.storage import Place
from agent_bridge.pool.admission import Admission
from cmdop_browser.exceptions import AgentBusyError
from cmdop_browser.wire import spans
from cmdop_browser.wire.v1 import agent_pb2, sessions_pb2
from tests.fakes.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path


# -- how late the loop is


async def test_the_lag_of_a_loop_that_is_stuck_can_be_told_from_outside() -> None:
    clock = Clock()
    lag = LoopLag(clock)
    watching = asyncio.ensure_future(lag.watch())
    await asyncio.sleep(0)
    assert lag.worst == 0
    clock.now = 5.25
    assert await asyncio.to_thread(lambda: lag.worst) == 5.0
    watching.cancel()
    await asyncio.wait({watching})
    clock.now = 100
    assert lag.worst == 0


# -- crashes of earlier instances


def test_an_instance_that_did_not_say_farewell_has_crashed(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    with History(path, "one") as first:
        assert first.crashes == 0
    crashed = History(path, "two")
    crashed.__enter__()
    assert crashed.crashes == 0
    with History(path, "three") as third:
        assert third.crashes == 1
    with History(path, "four") as fourth:
        assert fourth.crashes == 1


def test_one_that_ends_while_another_has_begun_has_not_crashed(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    with History(path, "old") as old:
        old.farewell()
        new = History(path, "new")
        new.__enter__()
    assert new.crashes == 0
    assert json.loads(path.read_text())["ended"] is False


def test_another_boot_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.json"
    for name in "abc":
        History(path, name).__enter__()
    path.write_text(path.read_text().replace('"boot_id": "', '"boot_id": "x'))
    with History(path, "d") as history:
        assert history.crashes == 0


@pytest.mark.parametrize("content", ["", "[]", '{"more": 1}', '{"crashes": "x"'])
def test_a_damaged_note_counts_for_nothing(tmp_path: Path, content: str) -> None:
    path = tmp_path / "history.json"
    path.write_text(content)
    with History(path, "a") as history:
        assert history.crashes == 0


# -- disks


def _full(wanted: int = 0) -> OSError:
    return OSError(errno.ENOSPC, "No space left on device", f"/x/{wanted}")


def test_a_place_is_in_trouble_until_it_takes_files_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    clock, room = Clock(), 10 * 2**20
    monkeypatch.setattr(storage, "_room", lambda _directory: (room, True))
    place = Place("temporary", tmp_path, clock=clock)
    place.look()
    assert place.problem == ""
    for _ in range(3):
        assert place.failed(_full(), 20 * 2**20) == "no space left on device"
    clock.now = 4.0
    assert (place.seconds, place.failures["ENOSPC"]) == (4.0, 3)
    place.look()
    assert place.problem  # there is room, but not for what could not be written
    room = 22 * 2**20
    place.look()
    assert place.problem == ""
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert list(tmp_path.iterdir()) == []


def test_a_quota_lets_nothing_be_written_though_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Place("runtime", tmp_path)
    place.failed(OSError(errno.EDQUOT, "Disk quota exceeded"))
    monkeypatch.setattr(Place, "_takes_a_file", lambda _self: False)
    place.look()
    assert place.problem == "disk quota exceeded"


@pytest.mark.parametrize(
    ("room", "files", "problem"),
    [(5 * 1024, True, "no space left: 5 KiB are free"), (2**30, False, "no file can be added")],
)
def test_a_full_disk_is_seen_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int, files: bool, problem: str
) -> None:
    monkeypatch.setattr(storage, "_room", lambda _directory: (room, files))
    place = Place("temporary", tmp_path)
    place.look()
    assert place.problem == problem
    assert not place.failures


def test_a_directory_that_is_not_there_yet_is_no_trouble(tmp_path: Path) -> None:
    place = Place("runtime", tmp_path / "later")
    place.look()
    assert place.problem == ""


# -- waits


async def test_waits_for_a_session_are_told() -> None:
    waits: list[bool] = []
    admission = Admission(1, 10)
    admission.on_waited = lambda seconds, admitted: waits.append(admitted and seconds >= 0)
    slot = await admission.acquire("a", 1.0)
    with pytest.raises(AgentBusyError):
        await admission.acquire("b", 0.01)
    waiting = asyncio.ensure_future(admission.acquire("c", 10.0))
    await asyncio.sleep(0)
    assert admission.longest_wait > 0
    slot.release()
    await waiting
    gone = asyncio.ensure_future(admission.acquire("d", 10.0))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait({gone})
    assert waits == [True, False, True, False]
    assert admission.longest_wait == 0


def test_durations_are_counted_by_bounds() -> None:
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        histogram.note(("m",), seconds)
    ((labels, buckets, total),) = histogram.samples()
    assert labels == ("m",)
    assert buckets == [("0.1", 2), ("1.0", 3), ("+Inf", 4)]
    assert total == pytest.approx(7.65)


# -- spans


def test_without_opentelemetry_there_is_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.trace", raising=False)
    span = spans.start("/a/b", scope="x", version="1", server=False)
    assert span is None
    assert spans.metadata(span) == ()
    assert spans.carrier_of([("traceparent", "x")]) is None
    spans.end(span)
    tracing.shut_down()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, ""),
        ({"OTEL_TRACES_EXPORTER": "none"}, ""),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_SDK_DISABLED": "TRUE"}, ""),
        ({"OTEL_TRACES_EXPORTER": "nowhere"}, "there is no exporter 'nowhere'"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "there is no exporter 'otlp_proto_grpc'"),
        (
            {"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"},
            "there is no exporter 'otlp_proto_http'",
        ),
    ],
)
def test_spans_need_a_place_to_go(
    variables: dict[str, str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delitem(sys.modules, "opentelemetry.sdk.trace", raising=False)
    monkeypatch.delenv("OTEL_SERVICE_NAME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert tracing.set_up() is False
    assert said in caplog.text
    assert bool(said) == bool(caplog.text)


def test_a_message_tells_its_session() -> None:
    assert spans.session_of(sessions_pb2.CloseSessionRequest(session_id="s-1")) == "s-1"
    assert spans.session_of(agent_pb2.PingRequest()) == ""
    assert spans.session_of(None) == ""
    assert spans.session_of(iter(())) == ""
