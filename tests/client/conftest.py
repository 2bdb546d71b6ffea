from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.fakes.agent import FakeAgent
    from tests.flavours import Flavour


@pytest.fixture
async def client(flavour: Flavour, fake_agent: FakeAgent) -> AsyncIterator[Any]:
    """A client of the fake agent, in either flavour."""
    async with flavour.local() as client:
        yield client


@pytest.fixture
async def session(client: Any) -> Any:
    """A session of the fake agent."""
    return await client.browser.create_session()
