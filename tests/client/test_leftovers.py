"""A client that is closed leaves nothing, and does not wait for the collection of garbage for that."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cmdop_browser.wire import channel as wire
from tests.client.test_downloads import reply_in_chunks
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.agent import FakeAgent
    from tests.flavours import Flavour


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Garbage is not collected meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def sockets() -> int:
    """How many of them this process has open; the fake agent's are among them."""
    found = 0
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            found += descriptor.readlink().name.startswith("socket:")
        except FileNotFoundError:  # that of the directory itself
            continue
    return found


async def use(flavour: Flavour) -> None:
    async with flavour.local() as client, client.browser.create_session() as session:
        await session.navigate("http://a.test/")
        await session.dom.html()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("what", ["a reply", "a stream"])
async def test_the_sockets_of_closed_clients_are_closed(
    flavour: Flavour, fake_agent: FakeAgent, what: str
) -> None:
    if what == "a stream":
        reply_in_chunks(fake_agent, "x" * (5 * wire.MIB))
    await use(flavour)
    before = sockets()
    for _ in range(8):
        await use(flavour)
    # One may be on its way out still.
    await asyncio.to_thread(eventually, lambda: sockets() <= before + 2)
