"""What a page is, seen by the real script in real Chromium."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from agent_bridge.browser import navigation
from agent_bridge.browser.executable import find_browser, launch_arguments
from agent_bridge.browser.options import ContextOptions
from agent_bridge.browser.page_facts import page_facts
from agent_bridge.browser.shard import Shard
from agent_bridge.browser.starting import Drivers
from agent_bridge.deadline import Deadline
from agent_bridge.diagnosis.pages import kind_of
from cmdop_browser.settings import Settings
from tests.browser.kinds_site import CASES, Case, KindsSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.diagnosis.page_seen import PageFacts

# The pages name scripts and frames of the vendors; nothing of that is to be fetched.
_ALONE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"


@pytest.fixture(scope="module")
def kinds() -> Iterator[KindsSite]:
    with KindsSite() as site:
        yield site


@pytest.fixture(scope="module")
async def pages() -> AsyncIterator[dict[bool, ManagedPage]]:
    """A page that runs scripts and one that does not."""
    browser = find_browser(Settings())
    arguments = launch_arguments(browser, Settings())
    shard = Shard(
        str(browser.path), (*arguments.flags, _ALONE), sandboxed=arguments.sandboxed, drivers=Drivers()
    )
    try:
        yield {
            javascript: await shard.open(ContextOptions(javascript=javascript), Deadline.after(30))
            for javascript in (True, False)
        }
    finally:
        await shard.stop()


async def load(page: ManagedPage, url: str) -> None:
    await navigation.navigate(page, url, wait_until="load", referer=None, deadline=Deadline.after(30))


async def facts_of(page: ManagedPage) -> PageFacts:
    return await page_facts(page, Deadline.after(10))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
async def test_every_page_is_what_it_is(case: Case, pages: dict[bool, ManagedPage], kinds: KindsSite) -> None:
    page = pages[case.javascript]
    await load(page, kinds.visit(case))
    facts = await facts_of(page)
    assert facts.answered
    kind = kind_of(facts)
    assert (kind and kind.cause) is case.kind, (kind, facts)
    if kind is not None:
        assert case.says in " ".join((kind.explanation, *kind.seen))
        assert kind.tips
