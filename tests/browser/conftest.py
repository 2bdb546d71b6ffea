from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.site import WebSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.agents import RunningAgent
    from tests.flavours import Flavour


@pytest.fixture(scope="session")
def site() -> Iterator[WebSite]:
    """The test web site."""
    with WebSite() as site:
        yield site


@pytest.fixture
async def client(flavour: Flavour, agent: RunningAgent) -> AsyncIterator[Any]:
    """A client of a real agent, in either flavour."""
    async with flavour.local() as client:
        yield client


@pytest.fixture
async def session(client: Any) -> AsyncIterator[Any]:
    """A session with a real page."""
    async with client.browser.create_session() as session:
        yield session
