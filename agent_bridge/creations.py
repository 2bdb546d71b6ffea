"""Sessions by the call that made them: what a client takes back whose call was cut off.

A client that is cancelled or runs out of time while a session is made for it never learns
the session's id. What it knows is the key that it asked with.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

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

    @contextlib.contextmanager
    def under_way(self, key: Key) -> Iterator[Callable[[str], None]]:
        """Have the block, in which this task makes a session, given up when the client does.

        Yields:
            To be called with the session's id.
        """
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
        return self._made.pop(key, "")

    def _note(self, key: Key, session_id: str) -> None:
        self._made[key] = session_id
        while len(self._made) > _REMEMBERED:
            self._made.popitem(last=False)
