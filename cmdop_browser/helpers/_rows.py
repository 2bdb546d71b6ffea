"""The rows of a generator that may begin again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Hashable

    from cmdop_browser.helpers._plan import Key


class Seen:
    """Which rows have been yielded, over all attempts at one call."""

    def __init__(self, key: Key | None) -> None:
        self._key = key
        self._keys: set[Hashable] = set()

    def is_new(self, row: Any) -> bool:
        """Whether *row* is to be yielded; from now on it counts as yielded.

        Without a key every row is new.
        """
        if self._key is None:
            return True
        key = self._key(row)
        if key in self._keys:
            return False
        self._keys.add(key)
        return True


def unseen(rows: Generator[Any, Any, Any], seen: Seen) -> Generator[Any, Any, Any]:
    """As ``yield from rows``, without the rows that have been seen."""
    try:
        row = next(rows)
        while True:
            if not seen.is_new(row):
                row = next(rows)
                continue
            try:
                sent = yield row
            except GeneratorExit:
                raise
            except BaseException as thrown:  # noqa: BLE001 -- as yield from does: it is the inner one's to handle
                row = rows.throw(thrown)
            else:
                row = rows.send(sent)
    except StopIteration as end:
        return end.value
    finally:
        rows.close()
