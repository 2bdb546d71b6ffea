"""A browser that is lost is gone: its processes, their zombies, its files; while the agent lives on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from cmdop_browser import CMDOPClient
from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserSessionClosedError,
    CloseReason,
)
from tests.agents import RunningAgent
from tests.process.faults.faults import (
    command_of,
    is_browser,
    is_driver,
    is_renderer,
    those,
    without_children,
)
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.flavours import Flavour
    from tests.site import WebSite

    Wanted = Callable[[list[str]], bool]

STARTED = "started, driver pid"


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
        family = running(agent, everything)
        (home,) = homes(agent)
        files = list(home.iterdir())
        assert files
        commands = {process: command_of(process) for process in family}
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
        if killed is is_browser:  # its driver gets another one
            family = [process for process in family if not is_driver(commands[process])]
        eventually(
            lambda: (
                not any(file.exists() for file in files)
                and not any(psutil.pid_exists(process.pid) for process in family)
                and home.exists() == (killed is is_browser)
            )
        )
        assert client.browser.create_session().evaluate("1 + 1") == 2
        assert len(homes(agent)) == 1


@pytest.mark.parametrize(("killed", "same_driver"), [(is_browser, True), (is_driver, False)])
def test_what_is_lost_in_use_is_there_again_before_anybody_asks(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch, *, killed: Wanted, same_driver: bool
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    with CMDOPClient.local() as client:
        client.browser.create_session()
        browsers, drivers = running(agent, is_browser), running(agent, is_driver)
        for process in running(agent, killed):
            process.kill()
        eventually(lambda: set(running(agent, is_browser)) - set(browsers))
        assert (running(agent, is_driver) == drivers) == same_driver


def test_a_browser_that_nobody_has_used_waits_until_it_is_needed(
    agent: RunningAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or one that dies at every start would be started for ever."""
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
    with CMDOPClient.local() as client:
        client.browser.create_session()
        used = the_browser(agent)
        started = agent.log().count(STARTED)
        used.kill()
        eventually(lambda: agent.log().count(STARTED) > started)
        unused = the_browser(agent)
        unused.kill()
        eventually(lambda: not psutil.pid_exists(unused.pid))
        with pytest.raises(pytest.fail.Exception):
            eventually(lambda: running(agent, is_browser), within=1.0)
        assert client.browser.create_session().evaluate("1 + 1") == 2


@pytest.mark.parametrize(
    ("killed", "written_to"), [(is_browser, False), (is_driver, False), (is_driver, True)]
)
def test_a_directory_that_somebody_has_cleared_away_is_made_again(
    monkeypatch: pytest.MonkeyPatch, *, killed: Wanted, written_to: bool
) -> None:
    with RunningAgent(shards=2) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        with CMDOPClient.local() as client:
            lost, other = client.browser.create_session(), client.browser.create_session()
            (home,) = (agent.runtime_dir / "default" / "tmp").iterdir()
            clear_away(home.parent)
            if written_to:  # the picture of the failure makes a part of it again
                with pytest.raises(BrowserElementNotFoundError):
                    lost.click("#nope", timeout=0.2)
                assert home.exists()
            for process in running(agent, killed):
                process.kill()
            for session in (lost, other):
                with pytest.raises(BrowserSessionClosedError):
                    session.evaluate("1")
            for _ in range(3):
                assert client.browser.create_session().evaluate("1 + 1") == 2
            assert len(homes(agent)) == 2
            # What a killed browser leaves is told by it, too.
            assert Path(f"/proc/{agent.process.pid}/cwd").samefile(home)
        browsers = below(agent)
    assert not home.exists()
    assert not any(process.is_running() for process in browsers)


def clear_away(directory: Path) -> None:
    """Remove a directory, also when somebody is just writing to it."""

    def is_gone() -> bool:
        shutil.rmtree(directory, ignore_errors=True)
        return not directory.exists()

    eventually(is_gone)


def running(agent: RunningAgent, wanted: Wanted) -> list[psutil.Process]:
    """Those of the agent's processes that are wanted."""
    return those(below(agent), wanted)


def the_browser(agent: RunningAgent) -> psutil.Process:
    """The only one: a child of it looks the same until it has become what it is to be."""
    return min(running(agent, is_browser), key=psutil.Process.create_time)


def below(agent: RunningAgent) -> list[psutil.Process]:
    return psutil.Process(agent.process.pid).children(recursive=True)


def homes(agent: RunningAgent) -> list[Path]:
    """Where the browsers of the agent keep their temporary files."""
    return list((agent.runtime_dir / "default" / "tmp").glob("*/browser-*"))


async def test_sessions_are_spread_over_browsers_and_fall_with_their_own(
    flavour: Flavour, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RunningAgent(shards=2) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with flavour.local() as client:
            first = await client.browser.create_session()
            second = await client.browser.create_session()
            await first.navigate(site.at("/plain.html"))
            await second.navigate(site.at("/plain.html"))
            browsers = without_children(running(agent, is_browser))
            assert len(browsers) == 2
            browsers.pop().kill()
            outcomes = await asyncio.gather(first.title(), second.title(), return_exceptions=True)
            while not any(isinstance(outcome, Exception) for outcome in outcomes):
                outcomes = await asyncio.gather(first.title(), second.title(), return_exceptions=True)
            lost = next(outcome for outcome in outcomes if isinstance(outcome, Exception))
            assert isinstance(lost, BrowserSessionClosedError)
            assert lost.reason is CloseReason.BROWSER_CRASH
            assert "Plain page" in outcomes
            async with client.browser.create_session() as third:
                assert (await third.navigate(site.at("/plain.html"))).status == 200
