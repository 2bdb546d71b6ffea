"""Forms that are sent while everything is killed: none twice or half, and what is said of each is true."""

from __future__ import annotations

import asyncio
import contextlib
import random
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from chaos.bench import PATIENCE, Bench, flavour_of
from chaos.cells import Victim
from chaos.facts import facts
from chaos.killer import Killer
from chaos.report import progress, show
from cmdop_browser.exceptions import CMDOPError, Outcome

if TYPE_CHECKING:
    import argparse

_JOBS: Final = 4
_EVERY: Final = 1.5
_WEIGHTS: Final = {Victim.RENDERER: 4, Victim.BROWSER: 3, Victim.DRIVER: 2, Victim.AGENT: 2}
_TRIES: Final = 40
_PAUSE: Final = 0.1
_POST: Final = "url => fetch(url, {method: 'POST'}).then(answer => answer.status)"

DONE: Final = "done"
NOT_DONE: Final = "not done"
UNKNOWN: Final = "unknown"
# What the counter may say after each.
_TRUE: Final = {DONE: {1}, NOT_DONE: {0}, UNKNOWN: {0, 1}}


def run(arguments: argparse.Namespace, _log: Path) -> dict[str, Any]:
    """Make the submits; returns the report."""
    return asyncio.run(submit_all(arguments.submits, arguments.seed))


async def submit_all(number: int, seed: int) -> dict[str, Any]:
    """Make so many submits under random kills."""
    began = time.monotonic()
    place = Path(tempfile.mkdtemp(prefix="cmdop-submits-"))
    said: dict[str, str] = {}
    bare: list[str] = []
    async with Bench(place, CMDOP_MAX_SESSIONS=str(2 * _JOBS)) as bench:
        killer = Killer(bench, random.Random(seed), every=_EVERY, weights=_WEIGHTS, done=lambda: len(said))
        names = [f"submit-{each}" for each in range(number)]
        killing = asyncio.ensure_future(killer.work())

        async def job(worker: int) -> None:
            async with _Sender(bench, worker) as sender:
                while names:
                    name = names.pop()
                    try:
                        said[name] = await asyncio.wait_for(sender.submit(name), 4 * PATIENCE)
                    except CMDOPError as exc:
                        bare.append(f"{name}: the job does not go on: {exc!r}")
                    except Exception as exc:  # noqa: BLE001 -- that it came out is what is told
                        bare.append(f"{name}: {exc!r}")
                    progress(f"{len(said)} of {number}, {killer.killed.total()} kills")

        try:
            await asyncio.gather(*(job(worker) for worker in range(_JOBS)))
        finally:
            killing.cancel()
        counts = Counter(bench.site.records.counts())
        emptied = [name for name in filter(_is_form, counts) if bench.site.records.contents(name)[0] != name]
    shutil.rmtree(place)
    wrong = [
        f"{name}: said to be {word}, and counted {counts[name]} times"
        for name, word in said.items()
        if counts[name] not in _TRUE[word]
    ]
    wrong += [f"{name}: the form was sent without what had been filled in" for name in emptied]
    told = Counter(said.values())
    rows = [(word, told[word], sum(counts[n] for n, w in said.items() if w == word), True) for word in _TRUE]
    show(f"{number} submits, {killer.killed.total()} kills", ("said", "submits", "counted"), rows)
    return {
        "what": "submits",
        "facts": facts(),
        "seconds": round(time.monotonic() - began, 1),
        "seed": seed,
        "submits": number,
        "said": dict(told),
        "executed_twice": sum(count > 1 for count in counts.values()),
        "killed": dict(killer.killed),
        "wrong": wrong + bare,
    }


class _Sender:
    """A client that sends forms: it never sends one again whose fate is not known."""

    def __init__(self, bench: Bench, worker: int) -> None:
        self._bench = bench
        self._flavour = flavour_of(worker)
        self._on_crash = "restore" if worker // 2 % 2 else "raise"
        self._client: Any = None
        self._session: Any = None

    async def __aenter__(self) -> _Sender:
        self._client = await self._flavour.local(start=True, timeout=PATIENCE)
        return self

    async def __aexit__(self, *_: object) -> None:
        with contextlib.suppress(CMDOPError):
            await self._client.close()

    async def submit(self, name: str) -> str:
        """Send the form *name* once; returns what is known of it."""
        url = self._bench.site.at(f"/count/{name}")
        for _ in range(_TRIES):
            await self._on_page(url)
            try:
                if _is_form(name):
                    if not await self._has_filled_in(name):
                        continue
                    await self._session.click("#go", timeout=PATIENCE)
                else:
                    await self._session.evaluate(_POST, url, timeout=PATIENCE)
                    return DONE
            except CMDOPError as exc:
                if _outcome(exc) != NOT_DONE:
                    return UNKNOWN
                # That it did not happen is said for certain: so it may be sent again.
                continue
            return await self._has_arrived()
        return NOT_DONE

    async def _has_filled_in(self, name: str) -> bool:
        """Whether that is certain; otherwise one begins with an empty form."""
        try:
            await self._session.fill("#note", name, timeout=PATIENCE)
        except CMDOPError:
            return False
        return True

    async def _has_arrived(self) -> str:
        """A click is done before what it leads to is: only the next page tells."""
        try:
            await self._session.wait_for("#count", timeout=5.0)
        except CMDOPError:
            return UNKNOWN
        return DONE

    async def _on_page(self, url: str) -> None:
        """Have a session that shows *url*, whatever becomes of agent and browsers meanwhile."""
        for _ in range(_TRIES):
            try:
                if self._session is None or self._session.is_closed:
                    await self._client.reconnect(timeout=PATIENCE)
                    self._session = await self._client.browser.create_session(
                        on_crash=self._on_crash, timeout=PATIENCE, queue_timeout=PATIENCE
                    )
                await self._session.navigate(url, timeout=PATIENCE)
            except CMDOPError as exc:
                last = exc
                await asyncio.sleep(_PAUSE)
            else:
                return
        raise last


def _is_form(name: str) -> bool:
    """Whether a submit is filled in and sent by click; the others are sent by script."""
    return int(name.rpartition("-")[2]) % 2 == 0


def _outcome(error: CMDOPError) -> str:
    """What an error tells of the call, as docs/errors.md has it."""
    outcome = getattr(error, "outcome", None)
    return NOT_DONE if outcome is Outcome.NOT_EXECUTED else UNKNOWN
