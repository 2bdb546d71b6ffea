"""Scripts of the caller, run in the page."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.answers import Overdue, PageLost
from agent_bridge.browser.failures import overdue, raise_if_lost, script_error
from agent_bridge.browser.pulse import pulse_of
from cmdop_browser.exceptions import BadRequestError

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline


async def evaluate(page: ManagedPage, expression: str, argument: object, deadline: Deadline) -> Any:
    """Evaluate an expression, or call a function with *argument*, and return its value.

    Raises:
        BrowserScriptError: The script does not parse, or it raised.
        BrowserTimeoutError: It did not end in time; a script that spins is stopped.
        PageLost: The page went away.
    """
    try:
        return await page.guard(page.page.evaluate(expression, argument), deadline)
    except asyncio.CancelledError:
        page.chore(_end_what_blocks(page))
        raise
    except Overdue as exc:
        raise await overdue(page, "evaluate", deadline) from exc
    except PlaywrightError as exc:
        await raise_if_lost(page, exc)
        raise await script_error(page, "evaluate", exc.message) from exc
    except RecursionError as exc:
        raise BadRequestError("arg is nested too deeply to be passed to a page", field="arg") from exc


async def _end_what_blocks(page: ManagedPage) -> None:
    """Stop a script that nobody waits for any more and that holds up the next call."""
    with contextlib.suppress(PageLost):
        await pulse_of(page)
