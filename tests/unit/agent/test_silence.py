"""An agent's signs of life, as its supervisor and its clients look for them."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from agent_bridge.supervision.silence import Pulse
from cmdop_browser.wire.rendezvous import heartbeat
from tests.fakes.clock import Clock

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "agent.json"
    path.touch()
    os.utime(path, (1, 1))
    return path


def make_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: SimpleNamespace(f_flag=os.ST_RDONLY))


def after(seconds: int, clock: Clock, pulse: Pulse) -> float:
    """The silence at the last of so many looks, one a second."""
    silence = pulse.silence()
    for _ in range(seconds):
        clock.now += 1.0
        silence = pulse.silence()
    return silence


def test_a_file_that_is_not_touched_is_silence(clock: Clock, file: Path) -> None:
    pulse = Pulse(str(file), 1.0, clock=clock)
    assert after(20, clock, pulse) == 20.0
    file.touch()
    assert pulse.silence() == 0.0


def test_a_file_that_is_gone_is_none(clock: Clock, file: Path) -> None:
    file.unlink()
    assert after(20, clock, Pulse(str(file), 1.0, clock=clock)) == 0.0


def test_where_nothing_can_be_written_nobody_is_silent(
    clock: Clock, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pulse = Pulse(str(file), 1.0, clock=clock)
    assert heartbeat.is_missing(file, file, 60.0)
    make_read_only(monkeypatch)
    assert after(20, clock, pulse) == 0.0
    assert not heartbeat.is_missing(file, file, 60.0)
