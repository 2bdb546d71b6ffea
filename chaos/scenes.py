"""What is under way when the fault strikes: a scene leads up to that moment, and knows the right result."""

from __future__ import annotations

import asyncio
import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Final

import psutil

from chaos.bench import PATIENCE, is_browser, is_driver, is_renderer
from chaos.cells import During, Fault, Mode, Victim
from tests.process.faults import standstill

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from chaos.bench import Bench
    from chaos.cells import Cell

# For faults that end with the call's own time.
_SHORT: Final = 1.5
_MIB: Final = 2**20
_POLL: Final = 0.005
# Seconds from the first moment of a process to the page that a session is made of.
_MAKES_PAGE_WITHIN: Final = {Victim.DRIVER: 0.3, Victim.BROWSER: 0.1, Victim.RENDERER: 0.03}
_TRIES: Final = 2  # with the bystander's, more do not fit

# Asks the site, so that whoever waits for that knows that the script runs, and holds the page up meanwhile.
_ASK: Final = (
    "const asking = new XMLHttpRequest(); asking.open('POST', url, false);"
    " try { asking.send(); } catch { return; }"
)
_THEN: Final = {
    Fault.HANG: "for (;;);",
    # Outside of V8's heap, whose own limit would end the page otherwise.
    Fault.OOM: "window.kept = []; for (;;) kept.push(new Uint8Array(2 ** 20).fill(1));",
}
_WANTED: Final[dict[Victim, Callable[[list[str]], bool]]] = {
    Victim.RENDERER: is_renderer,
    Victim.BROWSER: is_browser,
    Victim.DRIVER: is_driver,
}


class Scene(ABC):
    """A call, and what is done to it.

    Attributes:
        handle: The session whose fate is looked at; None while there is none.
        timeout: What the call is given.
    """

    def __init__(self, bench: Bench, client: Any, cell: Cell, name: str) -> None:
        self.bench = bench
        self.client = client
        self.cell = cell
        self.name = name
        self.handle: Any = None
        own_time = cell.fault is Fault.HANG and cell.victim in {Victim.RENDERER, Victim.AGENT}
        self.timeout = _SHORT if own_time else PATIENCE - 5
        self._struck: list[psutil.Process] = []

    @property
    def in_page(self) -> bool:
        """Whether the fault is the page's own script."""
        return self.cell.fault in _THEN and self.cell.victim is Victim.RENDERER

    @property
    def gate(self) -> str:
        """The path that the page or the call waits at."""
        return f"/gate/{self.name}"

    @abstractmethod
    async def prepare(self) -> None:
        """Have what the call needs."""

    @abstractmethod
    async def begin(self) -> asyncio.Future[Any] | None:
        """Make the call, and come back when it is under way; None where none is to be."""

    @abstractmethod
    async def wrong(self, came: Any) -> str:
        """What is wrong about a result that came without an error."""

    async def next_call(self) -> Any:
        """A call that works where the session does."""
        return await self.handle.dom.soup(timeout=self.timeout)

    # The fault

    async def strike(self) -> None:
        """Do it."""
        if self.in_page:
            await self._script_takes_all()
            return
        self._struck = await self.targets()
        for process in self._struck:
            if self.cell.fault is Fault.HANG:
                standstill.hold(process.pid)
            elif self.cell.fault is Fault.SIGSTOP:
                process.suspend()
            else:
                process.kill()

    async def targets(self) -> list[psutil.Process]:
        """The processes that are struck."""
        if self.cell.victim is Victim.AGENT:
            return [self.bench.agent]
        return self.bench.victims(_WANTED[self.cell.victim])

    def undo(self) -> None:
        """Let what stands still run on, if it is still there."""
        for process in self._struck:
            if self.cell.fault is Fault.HANG:
                standstill.let_go(process.pid)
            elif self.cell.fault is Fault.SIGSTOP and process.is_running():
                standstill.resume(process.pid)
        self._struck = []

    def release(self) -> None:
        """Let pass who waits at the gate."""
        self.bench.site.open_gate(self.name)

    async def _script_takes_all(self) -> None:
        self.release()
        if self.cell.fault is Fault.OOM:
            await self.bench.until(self._takes_too_much, "a page takes more than it may")

    def _takes_too_much(self) -> bool:
        for process in self.bench.victims(is_renderer):
            try:
                used = process.memory_info()
            except psutil.NoSuchProcess:
                return True
            if used.rss - used.shared > 300 * _MIB:
                return True
        return not self.bench.victims(is_renderer)

    # Helpers

    async def session(self) -> Any:
        """A session in the victim's browser, on a page."""
        strays = []
        try:
            for _ in range(_TRIES):
                made = await self.client.browser.create_session(
                    on_crash=self.cell.mode.value, timeout=PATIENCE
                )
                await made.navigate(self.bench.site.at("/plain.html", of=made.id))
                if self.bench.is_victims(made.id):
                    return made
                # While a page that nobody waits for any more is on its way there, that browser counts
                # as the fuller one. With this one left open it does not.
                strays.append(made)
        finally:
            for stray in strays:
                await stray.close()
        raise TimeoutError(f"{_TRIES} sessions in turn came into the bystander's browser")

    async def has_script(self, start: str) -> None:
        """Put a script into the page that *start* starts: it asks at the gate, then does its worst."""
        body = _ASK + _THEN.get(self.cell.fault, "") if self.in_page else _ASK
        await self.handle.evaluate(
            f"(url) => {{ {start}(() => {{ {body} }}); }}", self.bench.site.at(self.gate)
        )

    async def asked(self) -> None:
        """Wait until somebody is at the gate."""
        await self.bench.site.records.arrival(self.gate)

    async def busy(self) -> None:
        """Wait until the agent is at work for the session."""
        while True:
            for info in await self.bench.control.browser.list_sessions():
                if info.id == self.handle.id and info.idle == 0:
                    return
            await asyncio.sleep(_POLL)

    def start(self, call: Awaitable[Any]) -> asyncio.Future[Any]:
        """Have a call made meanwhile."""
        return asyncio.ensure_future(call)


class Idle(Scene):
    """Nothing is under way: the next call meets what the fault left."""

    async def prepare(self) -> None:
        self.handle = await self.session()
        if self.in_page:
            await self.has_script("setTimeout")
            await self.asked()

    async def begin(self) -> None:
        return None

    async def wrong(self, came: Any) -> str:
        return "" if came.find("body") else f"no soup of the page: {str(came)[:80]!r}"


class Soup(Idle):
    """The document is being read, and the page is held up by a script."""

    async def prepare(self) -> None:
        self.handle = await self.session()
        await self.has_script("setTimeout")
        await self.asked()

    async def begin(self) -> asyncio.Future[Any]:  # type: ignore[override]
        call = self.start(self.handle.dom.soup(timeout=self.timeout))
        await self.busy()
        return call


class Click(Scene):
    """A click has been made, and what it does is not done yet."""

    async def prepare(self) -> None:
        self.handle = await self.session()
        button = "document.body.innerHTML += '<button id=struck>Go</button>'"
        await self.handle.evaluate(f"() => {{ {button}; }}")
        await self.has_script("(run => document.querySelector('#struck').addEventListener('click', run))")

    async def begin(self) -> asyncio.Future[Any]:
        call = self.start(self.handle.click("#struck", timeout=self.timeout))
        await self.asked()
        return call

    async def wrong(self, came: Any) -> str:
        return "" if came is None else f"a click gave {came!r}"


class Navigate(Scene):
    """A document has been asked for, and has not come."""

    async def prepare(self) -> None:
        self.handle = await self.session()
        if self.in_page and self.cell.fault is Fault.OOM:
            # The page before takes it all while the next one is on its way.
            await self.handle.evaluate(f"() => {{ setTimeout(() => {{ {_THEN[Fault.OOM]} }}, 100); }}")

    async def begin(self) -> asyncio.Future[Any]:
        if self.in_page and self.cell.fault is Fault.HANG:
            path = "/hang.html?at-once"
            before = len(self.bench.site.records.paths("/hang.html"))
            call = self.start(self.handle.navigate(self.bench.site.at(path), timeout=self.timeout))
            await self.bench.site.records.arrival("/hang.html", times=before + 1)
            return call
        call = self.start(self.handle.navigate(self.bench.site.at(self.gate), timeout=self.timeout))
        await self.asked()
        return call

    async def wrong(self, came: Any) -> str:
        return "" if came.ok and came.url.endswith(self.gate) else f"another page came: {came!r}"

    async def _script_takes_all(self) -> None:
        if self.cell.fault is Fault.OOM:
            await self.bench.until(self._takes_too_much, "a page takes more than it may")
        self.release()


class Queue(Scene):
    """Somebody waits for a slot; the fault strikes another one's session."""

    async def prepare(self) -> None:
        self.handle = await self.session()
        if self.in_page:
            await self.has_script("setTimeout")
            await self.asked()
        # Wherever there is room.
        self._other = await self.client.browser.create_session(
            on_crash=self.cell.mode.value, timeout=PATIENCE
        )

    async def begin(self) -> asyncio.Future[Any]:
        waiting = self.client.browser.create_session(
            on_crash=self.cell.mode.value, timeout=self.timeout / 2, queue_timeout=self.timeout / 2
        )
        call = self.start(_awaited(waiting))
        while (await self.bench.pressure()).queued != 1:
            await asyncio.sleep(_POLL)
        return call

    async def let_in(self) -> None:
        """Make room for who waits, where the fault does not."""
        loses = self.cell.mode is Mode.RAISE and not (self.in_page and self.cell.fault is Fault.HANG)
        if not loses or self.cell.victim is Victim.AGENT:
            await self._other.close()

    async def wrong(self, came: Any) -> str:
        return await _does_not_work(came, self.bench.site.at("/plain.html"))


class Create(Scene):
    """The session is being made, by a browser that starts for it."""

    async def prepare(self) -> None:
        await self.bench.have_no_browser(self.client)

    async def begin(self) -> asyncio.Future[Any]:
        making = self.client.browser.create_session(
            on_crash=self.cell.mode.value, timeout=self.timeout, queue_timeout=0.0
        )
        return self.start(_awaited(making))

    async def targets(self) -> list[psutil.Process]:
        victim = self.cell.victim if self.cell.victim in _WANTED else Victim.DRIVER
        found = await self.bench.victim_appears(_WANTED[victim])
        # Anywhere on its way to the page.
        await asyncio.sleep(random.uniform(0.0, _MAKES_PAGE_WITHIN[victim]))
        return [self.bench.agent] if self.cell.victim is Victim.AGENT else found

    async def wrong(self, came: Any) -> str:
        return await _does_not_work(came, self.bench.site.at("/plain.html"))


async def _awaited(making: Awaitable[Any]) -> Any:
    return await making


async def _does_not_work(session: Any, url: str) -> str:
    try:
        result = await session.navigate(url, timeout=PATIENCE - 5)
    except Exception as exc:  # noqa: BLE001 -- whatever it is, it is wrong
        return f"the session does not work: {exc!r}"
    return "" if result.ok else f"the session shows {result!r}"


SCENES: Final[dict[During, type[Scene]]] = {
    During.IDLE: Idle,
    During.NAVIGATE: Navigate,
    During.CLICK: Click,
    During.SOUP: Soup,
    During.QUEUE: Queue,
    During.CREATE: Create,
}
