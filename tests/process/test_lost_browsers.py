"""A browser that is lost is gone: its processes, their zombies, its files; while the agent lives on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import BrowserSessionClosedError
from tests.agents import RunningAgent
from tests.process.faults.faults import is_browser, is_driver, is_renderer
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Wanted = Callable[[list[str]], bool]


def everything(command: list[str]) -> bool:
    return is_driver(command) or is_in_browser(command)


def is_in_browser(command: list[str]) -> bool:
    return is_browser(command) or any(word.startswith("--type=") for word in command)


def is_zygote(command: list[str]) -> bool:
    return "--type=zygote" in command


def nothing(_command: list[str]) -> bool:
    return False


@pytest.fixture(scope="module")
def agent() -> Iterator[RunningAgent]:
    """An agent with one browser, which the tests of this module kill one after the other."""
    with RunningAgent(shards=1) as agent:
        yield agent


@pytest.mark.parametrize(
    ("stopped", "killed"),
    [
        pytest.param(nothing, is_browser, id="browser killed"),
        pytest.param(nothing, is_driver, id="driver killed"),
        pytest.param(is_renderer, is_browser, id="browser killed, renderer stopped"),
        pytest.param(is_browser, is_driver, id="driver killed, browser stopped"),
        pytest.param(is_in_browser, is_zygote, id="zygotes killed, the rest of the browser stopped"),
        pytest.param(everything, is_driver, id="driver killed, all stopped"),
    ],
)
def test_a_lost_browser_leaves_nothing(
    agent: RunningAgent, stopped: Wanted, killed: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    with CMDOPClient.local() as client:
        session = client.browser.create_session()
        family = [process for process in below(agent) if everything(process.cmdline())]
        (home,) = homes(agent)
        assert list(home.iterdir())
        commands = {process: process.cmdline() for process in family}
        for process in family:
            if stopped(commands[process]):
                process.suspend()
        for process in family:
            if killed(commands[process]):
                process.kill()
        if killed is is_zygote:  # which nobody notices
            next(process for process in family if is_driver(commands[process])).kill()
        with pytest.raises(BrowserSessionClosedError):
            session.evaluate("1")
        eventually(
            lambda: not home.exists() and not any(psutil.pid_exists(process.pid) for process in family)
        )
        assert client.browser.create_session().evaluate("1 + 1") == 2
        assert len(homes(agent)) == 1


def below(agent: RunningAgent) -> list[psutil.Process]:
    return psutil.Process(agent.process.pid).children(recursive=True)


def homes(agent: RunningAgent) -> list[Path]:
    """Where the browsers of the agent keep their temporary files."""
    return list((agent.runtime_dir / "default" / "tmp").glob("*/browser-*"))
