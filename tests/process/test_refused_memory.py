"""An agent that the system refuses memory: errors of ours meanwhile, and it works again afterwards."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import psutil
import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import CMDOPError
from tests.agents import RunningAgent
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGE = "'x'.repeat(30 * 1024 * 1024)"
_SLACK = 8 * 2**20


@pytest.fixture
def agent() -> Iterator[RunningAgent]:
    with RunningAgent(shards=1) as agent:
        yield agent


def test_an_agent_without_memory_works_when_it_has_some_again(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    process = psutil.Process(agent.process.pid)
    _, hard = process.rlimit(resource.RLIMIT_AS)
    with CMDOPClient.local() as client:
        session = client.browser.create_session()
        process.rlimit(resource.RLIMIT_AS, (process.memory_info().vms + _SLACK, hard))
        with pytest.raises(CMDOPError):
            session.evaluate(_LARGE, timeout=5.0)
        assert process.is_running()
        process.rlimit(resource.RLIMIT_AS, (hard, hard))
        eventually(lambda: works(client), within=60.0)


def works(client: CMDOPClient) -> bool:
    try:
        with client.browser.create_session(timeout=10.0) as session:
            return bool(session.evaluate("1 + 1", timeout=10.0) == 2)
    except CMDOPError:
        return False
