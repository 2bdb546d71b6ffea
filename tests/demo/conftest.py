from collections.abc import Iterator
from typing import Any

import pytest

from agent_bridge.browser.executable import find_browser, launch_arguments
from cmdop_browser.demo.server import DemoSite
from cmdop_browser.settings import Settings


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    settings = Settings.load()
    browser = find_browser(settings)
    sandboxed = launch_arguments(browser, settings).sandboxed
    return browser_type_launch_args | {"executable_path": browser.path, "chromium_sandbox": sandboxed}


@pytest.fixture(scope="session")
def shop() -> Iterator[DemoSite]:
    with DemoSite(latency=0.05) as shop:
        yield shop


@pytest.fixture(scope="session")
def base_url(shop: DemoSite) -> str:
    return shop.url
