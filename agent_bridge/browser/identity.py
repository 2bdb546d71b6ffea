"""Cookies and storage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue
from agent_bridge.browser.failures import overdue, raise_if_lost, within
from agent_bridge.diagnosis import texts
from cmdop_browser.exceptions import BadRequestError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright._impl._api_structures import SetCookieParam  # the public name is missing

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline


async def cookies(page: ManagedPage, urls: Sequence[str], deadline: Deadline) -> list[dict[str, Any]]:
    """Return the cookies that *urls* would be sent, or all."""
    found = await within(page, "cookies", deadline, page.context.cookies(list(urls)))
    return [dict(cookie) for cookie in found]


async def set_cookies(page: ManagedPage, new: Sequence[SetCookieParam], deadline: Deadline) -> None:
    """Add cookies.

    Raises:
        BadRequestError: The browser does not take them.
    """
    page.secrets.given([dict(cookie) for cookie in new])
    try:
        await page.guard(page.context.add_cookies(new), deadline)
    except Overdue as exc:
        raise await overdue(page, "set_cookies", deadline) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise BadRequestError(
            f"set_cookies failed: {texts.first_sentence(exc.message)}",
            field="cookies",
            tips=("a cookie needs name, value, and either url or domain with path",),
        ) from exc


async def clear_cookies(page: ManagedPage, deadline: Deadline) -> None:
    """Delete all cookies."""
    await within(page, "clear_cookies", deadline, page.context.clear_cookies())


async def storage_state(page: ManagedPage, deadline: Deadline) -> bytes:
    """Return cookies and local storage as JSON in Playwright's form."""
    state = await within(page, "storage_state", deadline, page.context.storage_state())
    if page.returning is not None:
        return json.dumps(page.returning.complete(dict(state))).encode()
    return json.dumps(state).encode()
