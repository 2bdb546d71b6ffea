"""What happened on the site: requests, posts, and gates that hold answers back."""

import asyncio
import threading
from collections import Counter
from dataclasses import dataclass

TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Received:
    """One request that reached the application."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    port: int  # that it came from


class Records:
    """Shared by the site's thread and the tests' own."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._requests: list[Received] = []
        self._counts: Counter[str] = Counter()
        self._contents: dict[str, list[str]] = {}
        self._open_gates: set[str] = set()
        self._waiting: dict[str, list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]] = {}

    def add(self, request: Received) -> None:
        """Note a request."""
        with self._changed:
            self._requests.append(request)
            self._changed.notify_all()

    def requests(self, prefix: str = "/") -> list[Received]:
        """Return the requests whose path starts with *prefix*, oldest first."""
        with self._changed:
            return [request for request in self._requests if request.path.startswith(prefix)]

    def paths(self, prefix: str = "/") -> list[str]:
        """Return the paths of `requests`."""
        return [request.path for request in self.requests(prefix)]

    def wait_for(self, path: str, *, times: int = 1) -> list[Received]:
        """Wait until *path* has been asked for *times* times.

        Raises:
            TimeoutError: It has not, within `TIMEOUT` seconds.
        """

        def matching() -> list[Received]:
            return [request for request in self._requests if request.path == path]

        with self._changed:
            if not self._changed.wait_for(lambda: len(matching()) >= times, TIMEOUT):
                raise TimeoutError(f"{path} was asked for {len(matching())} times, not {times}")
            return matching()

    async def arrival(self, path: str, *, times: int = 1) -> list[Received]:
        """Do as `wait_for`, without holding up the event loop."""
        return await asyncio.to_thread(self.wait_for, path, times=times)

    def count(self, name: str, content: str = "") -> int:
        """Add one to the counter *name*, which came with *content*, and return it."""
        with self._changed:
            self._counts[name] += 1
            self._contents.setdefault(name, []).append(content)
            self._changed.notify_all()
            return self._counts[name]

    def counts(self) -> dict[str, int]:
        """Return every counter that is not zero."""
        with self._changed:
            return dict(self._counts)

    def contents(self, name: str) -> list[str]:
        """Return what came with each count of *name*, oldest first."""
        with self._changed:
            return list(self._contents.get(name, ()))

    def open_gate(self, name: str) -> None:
        """Let those pass who wait at the gate, or come later."""
        with self._changed:
            self._open_gates.add(name)
            waiting = self._waiting.pop(name, [])
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)

    async def pass_gate(self, name: str) -> None:
        """Wait until the gate is open."""
        event = asyncio.Event()
        with self._changed:
            if name in self._open_gates:
                return
            self._waiting.setdefault(name, []).append((asyncio.get_running_loop(), event))
        await event.wait()
