"""When a browser is replaced, and which pages end for want of memory."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent_bridge import limits
from agent_bridge.browser.recycling import Limits, Wear
from agent_bridge.supervision.cgroup import Cgroup
from agent_bridge.supervision.memory import MIB, Usage, too_large
from cmdop_browser.settings import Settings

LIMITS = Limits(pages=100, age=3600.0, size=500 * MIB, session=200 * MIB, agent=1000 * MIB)


def usage(size: int, *, is_renderer: bool = True) -> Usage:
    return Usage(cast("Any", None), size, is_renderer)


def test_a_browser_goes_on_until_one_limit_is_reached() -> None:
    assert LIMITS.why_worn(Wear(99, 3599.0, 500 * MIB - 1)) == ""
    assert LIMITS.why_worn(Wear(pages=100)) == "it has shown 100 pages"
    assert LIMITS.why_worn(Wear(age=3600.0)) == "it has run for 3600 s"
    assert LIMITS.why_worn(Wear(size=500 * MIB)) == "it takes 500 MiB"


def test_limits_follow_from_the_settings() -> None:
    limits = Limits.of(Settings(memory=4000, session_memory=100, recycle_pages=7), shards=2)
    assert (limits.pages, limits.session, limits.agent) == (7, 100 * MIB, 4000 * MIB)
    assert limits.size == 1000 * MIB
    assert Limits.of(Settings(), shards=1).agent > 0


@pytest.mark.parametrize(
    ("memory", "quota", "shards", "sessions"),
    [(4, None, 4, 16), (64, None, 16, 256), (64, 2.5, 1, 24), (1, 0.5, 1, 4)],
)
def test_a_container_has_less_than_its_machine(
    monkeypatch: pytest.MonkeyPatch, memory: int, quota: float | None, shards: int, sessions: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(32)))
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=256 * 1024 * MIB))
    monkeypatch.setattr(Cgroup, "memory", lambda _: memory * 1024 * MIB)
    monkeypatch.setattr(Cgroup, "cpus", lambda _: quota)
    settings = Settings()
    assert limits.shards(settings) == shards
    assert limits.max_sessions(settings) == sessions
    # An empty browser takes some 220 MiB and is not worn by that.
    assert Limits.of(settings, limits.shards(settings)).size >= 512 * MIB
    # The system's load is that of the whole machine.
    assert limits.cpus() == 32


def test_as_many_browsers_as_the_memory_that_is_set_suits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(32)))
    monkeypatch.setattr(limits, "memory_bytes", lambda: 64 * 1024 * MIB)
    assert [limits.shards(Settings(memory=memory)) for memory in (700, 3000, 60_000)] == [1, 2, 16]


def test_a_page_beyond_its_limit_ends() -> None:
    small, large = usage(10), usage(11)
    assert too_large([small, large], each=10, together=1000) == [large]


def test_when_all_is_too_much_the_largest_pages_end_until_it_is_enough() -> None:
    usages = [usage(30), usage(50), usage(40), usage(100, is_renderer=False)]
    assert [found.size for found in too_large(usages, each=1000, together=150)] == [50, 40]


@given(st.lists(st.tuples(st.integers(0, 50), st.booleans())), st.integers(0, 50), st.integers(0, 500))
def test_no_more_end_than_need_be(sizes: list[tuple[int, bool]], each: int, together: int) -> None:
    usages = [usage(size, is_renderer=is_renderer) for size, is_renderer in sizes]
    ending = too_large(usages, each=each, together=together)
    assert all(found.is_renderer for found in ending)
    left = [found for found in usages if not any(found is other for other in ending)]
    assert all(found.size <= each for found in left if found.is_renderer)
    renderers_left = any(found.is_renderer for found in left)
    assert sum(found.size for found in left) <= together or not renderers_left
    if ending and ending[-1].size <= each:
        assert sum(found.size for found in left) + ending[-1].size > together
