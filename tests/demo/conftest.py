from collections.abc import Iterator
from typing import Any

import pytest

from cmdop_browser.demo.server import DemoSite

BROWSER = "/usr/lib/chromium/chromium-headless-shell"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return browser_type_launch_args | {"executable_path": BROWSER, "chromium_sandbox": False}


@pytest.fixture(scope="session")
def shop() -> Iterator[DemoSite]:
    with DemoSite(latency=0.05) as shop:
        yield shop


@pytest.fixture(scope="session")
def base_url(shop: DemoSite) -> str:
    return shop.url
