"""Sessions by the call that made them: what a client takes back whose call was cut off.

A client that is cancelled or runs out of time while a session is made for it never learns
the session's id. What it knows is the key that it asked with.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import Outcome, SessionInterruptedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Whoever gives up does so in the moment in which the session is ready, not later.
_REMEMBERED: Final = 2000

# Of the client, and of its call.
Key = tuple[str, str]


class Creations:
    """The sessions that are being made, and those that were made last."""

    def __init__(self) -> None:
        self._under_way: dict[Key, asyncio.Task[Any]] = {}
        self._made: OrderedDict[Key, str] = OrderedDict()
        # Taken back before they were begun: calls on one connection may overtake each other.
        self._refused: OrderedDict[Key, str] = OrderedDict()

    @contextlib.contextmanager
    def under_way(self, key: Key) -> Iterator[Callable[[str], None]]:
        """Have the block, in which this task makes a session, given up when the client does.

        Yields:
            To be called with the session's id.

        Raises:
            SessionInterruptedError: It has given up already.
        """
        if self._refused.pop(key, None) is not None:
            raise SessionInterruptedError(
                "the client has given the session up before it was made", outcome=Outcome.NOT_EXECUTED
            )
        task = asyncio.current_task()
        if task is None or not key[1]:
            yield lambda _session_id: None
            return
        self._under_way[key] = task
        try:
            yield lambda session_id: self._note(key, session_id)
        finally:
            del self._under_way[key]

    async def given_up(self, key: Key) -> str:
        """Stop making a session; returns the id of the one that was made before that, or ""."""
        task = self._under_way.get(key)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        elif key not in self._made:
            _remember(self._refused, key, "")
        return self._made.pop(key, "")

    def _note(self, key: Key, session_id: str) -> None:
        _remember(self._made, key, session_id)


def _remember(among: OrderedDict[Key, str], key: Key, session_id: str) -> None:
    among[key] = session_id
    while len(among) > _REMEMBERED:
        among.popitem(last=False)
