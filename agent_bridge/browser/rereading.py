"""Reads that fail because the document is replaced under them, made again on the one that came.

A form that was just sent, a redirect by script: what is read then may be of the old document, while
what is asked about the failure comes from the new one. A read changes nothing, so it is made again.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, TypeVar

from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserError,
    BrowserScriptError,
    ElementCause,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from agent_bridge.browser.page import ManagedPage

P = ParamSpec("P")
T = TypeVar("T")

# How often a read is made in all. A page may be replaced without end, and reads do not wait.
_TIMES: Final = 3


def made_again(
    read: Callable[Concatenate[ManagedPage, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[ManagedPage, P], Coroutine[Any, Any, T]]:
    """Have a read made again when the document was replaced under it."""

    @functools.wraps(read)
    async def reading(page: ManagedPage, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for _ in range(_TIMES - 1):
            documents = page.documents
            try:
                return await read(page, *args, **kwargs)
            except BrowserError as exc:
                is_passing = page.documents != documents or _may_be_passing(exc)
                if not is_passing or not page.call_deadline.remaining:
                    raise
        return await read(page, *args, **kwargs)

    return reading


def _may_be_passing(exc: BrowserError) -> bool:
    """Whether what a read failed for may not be so any more."""
    if isinstance(exc, BrowserElementNotFoundError):
        return exc.cause is ElementCause.PAGE_LOADING and bool(exc.matches)
    # Refused, perhaps by a document that was just being left: that is told after the refusal.
    return not isinstance(exc, BrowserScriptError)
