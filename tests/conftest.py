"""What every test may ask for."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from tests.agents import RunningAgent
from tests.fakes.agent import FakeAgent
from tests.flavours import Flavour

if TYPE_CHECKING:
    from collections.abc import Iterator


# What a failure is found to be must not depend on how busy the machine is. Those tests that are about
# the time itself ask for agents that have the usual one.
os.environ.setdefault("CMDOP_DIAGNOSIS_TIME", "5")
# Drivers of all tests share what they compiled, below this checkout and not in the home of whoever tests.
os.environ.setdefault("NODE_COMPILE_CACHE", str(Path(__file__).parents[1] / ".cache" / "driver"))
# As in the Makefile, for whoever runs pytest without it: what the tests start is compiled once.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# What runs in the background of a script, or under nohup, ignores these, and so would all that it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
# A machine that pauses for a moment makes no example slow.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture(params=["async", "sync"])
def flavour(request: pytest.FixtureRequest) -> Flavour:
    """The async client, then the sync one."""
    return Flavour(request.param)


@pytest.fixture
def runtime_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime directory of the test's own, its path short enough for sockets."""
    directory = Path(tempfile.mkdtemp(prefix="cmdop-test-"))
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(directory))
    yield directory
    shutil.rmtree(directory)


@pytest.fixture
def fake_agent(runtime_dir: Path) -> Iterator[FakeAgent]:
    """An agent without a browser, where `local()` finds it."""
    with FakeAgent(runtime_dir) as agent:
        yield agent


@pytest.fixture(scope="session")
def shared_agent() -> Iterator[RunningAgent]:
    """An agent with a real browser, for all tests that leave it alive."""
    with RunningAgent() as agent:
        yield agent


@pytest.fixture
def agent(shared_agent: RunningAgent, monkeypatch: pytest.MonkeyPatch) -> RunningAgent:
    """The shared agent, where `local()` finds it."""
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(shared_agent.runtime_dir))
    return shared_agent
