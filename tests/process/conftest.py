"""What tests of processes ask for."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import pytest

from agent_bridge.browser.executable import find_browser, launch_arguments
from agent_bridge.browser.shard import Shard
from agent_bridge.browser.starting import Drivers
from cmdop_browser.demo.server import DemoSite
from cmdop_browser.exceptions import BrowserSessionClosedError, SessionNotFoundError
from cmdop_browser.settings import Settings
from tests.fakes.launchpad import Launchpad
from tests.flavours import BOTH
from tests.process.faults.bench import Bench, Place
from tests.process.shell import Shell, open_shell
from tests.site import WebSite

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.flavours import Flavour


@pytest.fixture
def pad(runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Launchpad]:
    log_dir = runtime_dir / "log"
    monkeypatch.setenv("CMDOP_LOG_DIR", str(log_dir))
    launchpad = Launchpad(Settings.load(), monkeypatch)
    yield launchpad
    launchpad.close()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    """A place for commands where nothing runs yet."""
    with open_shell(tmp_path) as shell:
        yield shell


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A place with an agent that runs."""
    with open_shell(tmp_path_factory.mktemp("settled")) as shell:
        shell.json("agents", "start")
        yield shell


@pytest.fixture
def warm_shell(settled: Shell, tmp_path: Path) -> Iterator[Shell]:
    """A directory for commands that find an agent: quicker than a shell where they start one."""
    shell = dataclasses.replace(settled, directory=tmp_path, started=[])
    yield shell
    for process in shell.started:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    """The demo shop, without its delays."""
    with DemoSite(latency=0.0) as shop:
        yield shop.url


@pytest.fixture(scope="module")
def site() -> Iterator[WebSite]:
    """The test web site."""
    with WebSite() as site:
        yield site


@pytest.fixture(scope="module")
async def shared_benches(site: WebSite) -> AsyncIterator[dict[str, Bench]]:
    """An agent with a client in each flavour, for faults to be tried out on."""
    with pytest.MonkeyPatch.context() as patch, Place(site) as place:
        patch.setenv("CMDOP_RUNTIME_DIR", str(place.runtime_dir))
        async with contextlib.AsyncExitStack() as stack:
            yield {flavour.name: await stack.enter_async_context(Bench(flavour, place)) for flavour in BOTH}


@pytest.fixture
async def benches(shared_benches: dict[str, Bench]) -> AsyncIterator[dict[str, Bench]]:
    """Those by their flavours, with an agent and connections that are in order, and no session."""
    yield shared_benches
    for bench in shared_benches.values():
        await bench.repair()
        for info in await bench.client.browser.list_sessions():
            with contextlib.suppress(SessionNotFoundError, BrowserSessionClosedError):  # it ended by itself
                await (await bench.client.browser.get_session(info.id)).close()


@pytest.fixture
def bench(flavour: Flavour, benches: dict[str, Bench]) -> Bench:
    """One after the other."""
    return benches[flavour.name]


@pytest.fixture
async def shard() -> AsyncIterator[Shard]:
    """A browser in this process, that is started when it is needed."""
    settings = Settings()
    browser = find_browser(settings)
    arguments = launch_arguments(browser, settings)
    shard = Shard(str(browser.path), arguments.flags, sandboxed=arguments.sandboxed, drivers=Drivers())
    yield shard
    await shard.stop()
