"""How long a failed call may take to find out why, and that the answer comes without it, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cmdop_browser.exceptions import BrowserElementNotFoundError, BrowserTimeoutError, ElementCause
from tests.agents import RunningAgent

if TYPE_CHECKING:
    from tests.flavours import Flavour
    from tests.site import WebSite


async def test_without_time_for_it_the_error_says_less(
    flavour: Flavour, site: WebSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client ends its calls as soon after their time, and then says less still.
    with RunningAgent(diagnosis_time=0.001) as agent:
        monkeypatch.setenv("CMDOP_RUNTIME_DIR", str(agent.runtime_dir))
        async with flavour.local() as client, client.browser.create_session() as session:
            await session.navigate(site.at("/plain.html"))
            with pytest.raises((BrowserElementNotFoundError, BrowserTimeoutError, TimeoutError)) as caught:
                await session.click("#nowhere", timeout=0.3)
            assert getattr(caught.value, "cause", None) in {None, ElementCause.NO_MATCH}
            assert await session.evaluate("() => 1 + 1") == 2
