"""A disk that becomes read-only under an agent, as systems make one that fails."""

from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from cmdop_browser.wire.rendezvous import AgentPaths
from tests.agents import RunningAgent
from tests.flavours import Together, in_both
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flavours import Flavour

# Longer than the test lasts: what ends before was not waited for.
LONG: Final = 120.0
# Over what is there: files that are open stay as they were.
_MOUNT: Final = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
_OWN_MOUNTS: Final = ("unshare", "--mount")


def make_read_only(pid: int, directory: Path) -> None:
    """Have a process that has mounts of its own, and all that it starts, find *directory* read-only."""
    enter = ["nsenter", "--mount", "--target", str(pid)]
    subprocess.run([*enter, "sh", "-c", _MOUNT, "sh", str(directory)], check=True)


@pytest.fixture
def with_mounts_of_its_own(runtime_dir: Path) -> Iterator[RunningAgent]:
    tried = subprocess.run([*_OWN_MOUNTS, "true"], capture_output=True, check=False)
    if tried.returncode:
        pytest.skip(f"there are no mounts of one's own here: {tried.stderr.decode().strip()}")
    with RunningAgent(runtime_dir, inside=_OWN_MOUNTS, shards=1, drain_timeout=LONG) as agent:
        yield agent


async def test_an_agent_that_is_told_to_end_lets_its_sessions_go_on(
    with_mounts_of_its_own: RunningAgent,
) -> None:
    agent, both = with_mounts_of_its_own, Together()

    def tell_to_end() -> None:
        make_read_only(agent.process.pid, AgentPaths.of("default", agent.runtime_dir).directory)
        agent.process.terminate()
        eventually(lambda: "draining: " in agent.log())

    async def part(flavour: Flavour) -> None:
        async with flavour.local() as client, client.browser.create_session() as session:
            await both.once(lambda: asyncio.to_thread(tell_to_end))
            assert await session.evaluate("1 + 1") == 2

    await in_both(part)
    assert await asyncio.to_thread(agent.process.wait, 30) == 0
    assert "cannot remove" in agent.log()
