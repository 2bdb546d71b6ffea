"""Sessions that are restored, again and again: what was done stays done, or is told to be lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import shutil
import tempfile
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from chaos.bench import PATIENCE, Bench, flavour_of
from chaos.cells import Victim
from chaos.facts import facts
from chaos.killer import Killer
from chaos.report import progress, show
from cmdop_browser.exceptions import (
    BrowserSessionClosedError,
    BrowserTimeoutError,
    CMDOPError,
    SessionInterruptedError,
)

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Iterator

    _Call = Callable[[], Awaitable[str | None]]

_JOBS: Final = 4
_EVERY: Final = 1.5
_WEIGHTS: Final = {Victim.RENDERER: 2, Victim.BROWSER: 2, Victim.DRIVER: 2, Victim.AGENT: 2}
# Such a call takes some hundredths of a second; after all that is killed there is a restart in one.
_SECONDS_A_CALL: Final = 3.0
_ARRIVES_WITHIN: Final = 10.0
_PAUSE: Final = 0.1
_LATEST: Final = "the latest changes of "
_COOKIES: Final = ("cookies",)
_STORAGE: Final = ("local storage", "storage of http", "cookies and storage")
_STORE: Final = "value => { localStorage.value = value; }"
_STORED: Final = "localStorage.value || '0'"
_LINK: Final = "url => { document.body.innerHTML = `<a id=next href=${url}>on</a>`; }"


def run(arguments: argparse.Namespace, _log: Path) -> dict[str, Any]:
    """Make the calls; returns the report."""
    return asyncio.run(call_all(arguments.calls, arguments.seed))


async def call_all(number: int, seed: int) -> dict[str, Any]:
    """Make so many calls under random kills."""
    began = time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="cmdop-restored-"))
    told: Counter[str] = Counter()
    wrong: list[str] = []
    # One agent after the other: sessions outlive them all.
    async with Bench(place, CMDOP_MAX_SESSIONS=str(2 * _JOBS)) as bench:
        killer = Killer(bench, random.Random(seed), every=_EVERY, weights=_WEIGHTS, done=told.total)
        visitors = [
            _Visitor(bench, worker, random.Random(f"{seed} {worker}"), told, wrong) for worker in range(_JOBS)
        ]

        async def job(visitor: _Visitor) -> None:
            async with visitor:
                while told.total() < number:
                    await visitor.call()
                    progress(f"{told.total()} of {number}, {killer.killed.total()} kills")

        killing = asyncio.ensure_future(killer.work())
        try:
            async with asyncio.timeout(60 + number * _SECONDS_A_CALL):
                await asyncio.gather(*(job(visitor) for visitor in visitors))
        finally:
            killing.cancel()
        wrong += _logged(place / "log")
    shutil.rmtree(place)
    rows = [(what, count, True) for what, count in told.most_common()]
    show(f"{told.total()} calls, {killer.killed.total()} kills", ("came to", "calls"), rows)
    return {
        "what": "restored",
        "facts": facts(),
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
        "calls": told.total(),
        "told": dict(told),
        "killed": dict(killer.killed),
        "wrong": wrong,
    }


@dataclass
class _Value:
    """A number that a session has somewhere: each change makes it greater.

    Attributes:
        sent: The last that it may be.
        done: The last that it was said to be.
    """

    sent: int = 0
    done: int = 0


def _stored() -> defaultdict[str, _Value]:
    return defaultdict(_Value)


@dataclass
class _Visitor:
    """A client with a session that is restored, who knows where it is and what it has.

    Attributes:
        url: Where its page is; empty where that is not known, as during a call.
    """

    bench: Bench
    worker: int
    chance: random.Random
    told: Counter[str]
    wrong: list[str]
    url: str = ""
    cookie: _Value = field(default_factory=_Value)
    stored: defaultdict[str, _Value] = field(default_factory=_stored)  # by site
    _expected: str = ""
    _client: Any = None
    _session: Any = None

    async def __aenter__(self) -> _Visitor:
        self._client = await flavour_of(self.worker).local(start=True, timeout=PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(CMDOPError):
            await self._client.close()

    async def call(self) -> None:
        """Make some call, and see that what it comes to is right."""
        make: _Call
        calls: dict[str, _Call] = {
            "navigate": self._navigate,
            "click": self._click,
            "set_cookies": self._set_cookie,
            "evaluate": self._store,
            "cookies": self._look_at_cookies,
            "dom.soup": self._read,
            "url": self._look_where,
            "screenshot": self._picture,
            "storage": self._look_at_storage,
            "storage_state": self._look_at_state,
        }
        if self._session is None or self._session.is_closed:
            what, make = "create_session", self._create
        elif not self.url:
            what, make = "navigate", self._navigate
        else:
            what, make = self.chance.choice(list(calls.items()))
        url, self.url = self.url, ""  # unless it comes back, nobody knows
        self._expected = url
        try:
            self.url = await make() or url
            self.told["done"] += 1
        except SessionInterruptedError as exc:
            self.url = url if exc.safe_to_repeat and what != "navigate" else ""
            self.told[f"interrupted, {exc.outcome.value}"] += 1
        except BrowserSessionClosedError as exc:
            self.told[f"ended, {exc.reason.value if exc.reason else None}"] += 1
        except CMDOPError as exc:
            self.told[type(exc).__name__] += 1
            if what == "create_session":  # nobody has a session then, and the agent is gone
                await asyncio.sleep(_PAUSE)
                with contextlib.suppress(CMDOPError):
                    await self._client.reconnect(timeout=PATIENCE)
            else:
                self._is_wrong(f"{what}: {exc!r}")
        except Exception as exc:  # noqa: BLE001 -- that it came out is what is told
            self.told[type(exc).__name__] += 1
            self._is_wrong(f"{what}: {exc!r}")

    async def _create(self) -> None:
        self.cookie, self.stored = _Value(), _stored()
        self._session = await self._client.browser.create_session(
            on_crash="restore", timeout=PATIENCE, queue_timeout=PATIENCE
        )

    def _address(self) -> str:
        # From one site to another the page gets another renderer, in the same one it keeps it.
        place = self.chance.choice((self.bench.site.at, self.bench.site.elsewhere))
        return place("/plain.html", worker=self.worker, page=self.told.total())

    def _stored_here(self) -> _Value:
        return self.stored[_site_of(self._expected)]

    async def _navigate(self) -> str:
        url = self._address()
        if not (await self._session.navigate(url, timeout=PATIENCE)).ok:
            self._is_wrong(f"{url} was not reached")
        return url

    async def _click(self) -> str | None:
        url = self._address()
        await self._session.evaluate(_LINK, url, timeout=PATIENCE)
        epoch = (await self._session.info(timeout=PATIENCE)).epoch
        await self._session.click("#next", timeout=PATIENCE)
        try:
            await self._session.wait_for_url(url, timeout=_ARRIVES_WITHIN)
        except BrowserTimeoutError:
            # A click is done before what it leads to is: that may be lost, and the session with it.
            if (await self._session.info(timeout=PATIENCE)).epoch == epoch:
                raise
            self.told["what a click led to is lost"] += 1
            return None
        await self._session.wait_for("body", timeout=PATIENCE)  # at its URL the page is before it has one
        return url

    async def _set_cookie(self) -> None:
        with _changing(self.cookie) as value:
            cookie = {"name": "value", "value": value, "url": self.bench.site.url}
            await self._session.set_cookies([cookie], timeout=PATIENCE)

    async def _store(self) -> None:
        with _changing(self._stored_here()) as value:
            await self._session.evaluate(_STORE, value, timeout=PATIENCE)

    async def _look_at_cookies(self) -> None:
        await self._fits(self.cookie, _named(await self._session.cookies(timeout=PATIENCE)), _COOKIES)

    async def _look_at_storage(self) -> None:
        found = await self._session.evaluate(_STORED, timeout=PATIENCE)
        await self._fits(self._stored_here(), found, _STORAGE)

    async def _look_at_state(self) -> None:
        state = await self._session.storage_state(timeout=PATIENCE)
        kept = {
            origin["origin"]: item["value"] for origin in state["origins"] for item in origin["localStorage"]
        }
        for site, value in self.stored.items():
            await self._fits(value, kept.get(site, "0"), _STORAGE)

    async def _read(self) -> None:
        soup = await self._session.dom.soup(timeout=PATIENCE)
        if soup.find("body") is None or not soup.find("body").get_text(strip=True):
            self._is_wrong(f"an empty page was read: {soup}")

    async def _look_where(self) -> str:
        expected, found = self._expected, await self._session.url(timeout=PATIENCE)
        if found != expected:
            self._is_wrong(f"the page is {found}, and should be {expected}")
        return str(found)

    async def _picture(self) -> None:
        await self._session.screenshot(timeout=PATIENCE)

    async def _fits(self, value: _Value, found: str, lost: tuple[str, ...]) -> None:
        if value.done <= int(found) <= value.sent:
            return
        said = (await self._session.info(timeout=PATIENCE)).not_restored
        # Also where it is older than that: nobody has told what it was in between.
        if any(_tells_of(lost, each) for each in said):
            self.told["what is lost is told"] += 1
        else:
            self._is_wrong(f"{found} is not within {value.done} and {value.sent}; not restored: {said}")
        value.done = int(found)

    def _is_wrong(self, what: str) -> None:
        self.wrong.append(f"worker {self.worker}, session {getattr(self._session, 'id', None)}: {what}")


@contextlib.contextmanager
def _changing(value: _Value) -> Iterator[str]:
    value.sent += 1
    yield str(value.sent)
    value.done = value.sent


def _site_of(url: str) -> str:
    return "://".join(urlsplit(url)[:2])


def _tells_of(lost: tuple[str, ...], said: str) -> bool:
    """Whether *said* is of these, and not of what never comes back, which is said of each session."""
    return said in lost or (said.startswith(_LATEST) and said.removeprefix(_LATEST).startswith(lost))


def _named(cookies: Any) -> str:
    return next((cookie.value for cookie in cookies if cookie.name == "value"), "0")


def _logged(directory: Path) -> list[str]:
    """What agents have logged as their own errors: nothing that is killed is a reason for one."""
    lines = [line for file in directory.glob("*.log*") for line in file.read_text().splitlines()]
    events = [json.loads(line) for line in lines if line.startswith("{")]
    return [f"logged: {event['event'][:300]}" for event in events if event["level"] in {"error", "critical"}]
