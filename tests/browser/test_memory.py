from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from agent_bridge.browser.executable import find_browser
from cmdop_browser.exceptions import BrowserSessionClosedError, CloseReason, Outcome
from cmdop_browser.settings import Settings
from tests.agents import RunningAgent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flavours import Flavour
    from tests.site import WebSite

_HEAP_MEGABYTES = 64


@pytest.fixture(scope="module")
def small_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAgent]:
    """An agent whose pages have little memory: filling a whole heap takes too long."""
    browser: Path = find_browser(Settings()).path
    program = tmp_path_factory.mktemp("browser") / browser.name
    flag = f"--js-flags=--max-old-space-size={_HEAP_MEGABYTES}"
    program.write_text(f'#!/bin/sh\nexec "{browser}" {flag} "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    with RunningAgent(browser_path=program) as agent:
        yield agent


async def test_a_page_that_fills_its_memory(
    flavour: Flavour, small_agent: RunningAgent, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(small_agent.runtime_dir))
    async with flavour.local() as client:
        bystander: Any = await client.browser.create_session()
        session: Any = await client.browser.create_session()
        with pytest.raises(BrowserSessionClosedError) as caught:
            await session.navigate(site.at("/greedy/hungry"), timeout=20)
        error = caught.value
        assert (error.reason, error.last_action) == (CloseReason.OUT_OF_MEMORY, "navigate")
        assert error.outcome is Outcome.UNKNOWN
        assert any("block=" in tip for tip in error.tips)
        assert (await bystander.navigate(site.at("/plain.html"))).ok
        await bystander.close()
