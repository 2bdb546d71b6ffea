"""Run situations against a real agent, several at a time."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions import (
    BrowserElementNotFoundError,
    BrowserSessionClosedError,
    CMDOPError,
    ElementCause,
)
from tests.corpus.proofs import FIND, TYPO, proof
from tests.corpus.situation import SECONDS, WALLS, Call, Situation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.corpus.site import CorpusSite
    from tests.flavours import Flavour

_SESSIONS: Final = 5
_PATIENT: Final = 20.0  # for what must succeed, however busy the machine is
_MARK: Final = "data-corpus-meant"


@dataclass(frozen=True)
class Result:
    """What became of a situation.

    Attributes:
        fault: What is wrong with the situation itself; "" when it is as it says.
        place: Where among the candidates the one that was meant stands, from 1; 0 when nowhere.
    """

    situation: Situation
    error: CMDOPError | None = None
    fault: str = ""
    place: int = 0
    seconds: float = 0.0
    candidates: tuple[str, ...] = ()

    @property
    def cause(self) -> ElementCause | None:
        """The cause that was named."""
        cause = getattr(self.error, "cause", None)
        return cause if isinstance(cause, ElementCause) else None

    @property
    def named(self) -> str:
        """What was named: the cause, or the class when it is the wrong one."""
        if self.error is None:
            return "a faulty situation" if self.fault else "no error"
        return self.cause.value if self.cause and self.right_class else type(self.error).__name__

    @property
    def right_class(self) -> bool:
        """Whether the error is of the class that it should be."""
        return type(self.error) is self.situation.error

    @property
    def right_cause(self) -> bool:
        """Whether the cause is the true one, or none that is ruled out."""
        if self.situation.cause is None:
            return not self.false_alarm
        return self.cause is self.situation.cause

    @property
    def false_alarm(self) -> bool:
        """Whether a wall was named on a page that is none."""
        wall = self.situation.wall or self.situation.cause in WALLS
        return self.cause in WALLS and not wall

    @property
    def missed(self) -> bool:
        """Whether anything is wrong."""
        typo = self.situation.cause is ElementCause.TYPO
        return bool(self.fault) or not (self.right_class and self.right_cause) or (typo and self.place != 1)


async def run(
    situations: Sequence[Situation], site: CorpusSite, flavour: Flavour, *, sessions: int = _SESSIONS
) -> list[Result]:
    """Run *situations* with the agent that `local()` finds, and return their results in order."""
    with tempfile.TemporaryDirectory(prefix="cmdop-corpus-") as directory:
        async with flavour.local() as client:
            waiting = deque(enumerate(situations))
            results: dict[int, Result] = {}
            workers = [_Worker(client, site, Path(directory)) for _ in range(min(sessions, len(waiting)))]
            await asyncio.gather(*(worker.work(waiting, results) for worker in workers))
    return [results[number] for number in range(len(situations))]


class _Worker:
    """Runs one situation after the other, in one session for as long as that is of use."""

    def __init__(self, client: Any, site: CorpusSite, files: Path) -> None:
        self._client, self._site, self._files = client, site, files
        self._session: Any = None

    async def work(self, waiting: deque[tuple[int, Situation]], results: dict[int, Result]) -> None:
        while waiting:
            number, situation = waiting.popleft()
            if situation.session or situation.alone:
                await self._leave()
            try:
                results[number] = await self._run(situation)
            except CMDOPError as exc:
                results[number] = Result(situation, fault=f"the way there failed: {exc.message}")
                await self._leave()
            if situation.session or situation.alone or isinstance(results[number].error, _GONE):
                await self._leave()
        await self._leave()

    async def _leave(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _run(self, situation: Situation) -> Result:
        if self._session is None:
            self._session = await self._client.browser.create_session(
                viewport=(1280, 720), timeout=_PATIENT, **situation.session
            )
        session = self._session
        await session.navigate(self._site.at(situation.path), wait_until=situation.arrive)
        for step in situation.steps:
            await self._make(step)
        fault = await self._fault(situation)
        started = time.monotonic()
        error: CMDOPError | None = None
        try:
            await self._make(situation.call, timeout=SECONDS)
        except CMDOPError as exc:
            error = exc
        spent = time.monotonic() - started
        candidates = tuple(candidate.selector for candidate in getattr(error, "candidates", ()))
        place = 0
        if situation.cause is ElementCause.TYPO and candidates:
            place = await self._place(situation.target, candidates)
        return Result(situation, error, fault, place, spent, candidates)

    async def _make(self, call: Call, **options: Any) -> Any:
        target = self._session
        for name in call.action.split("."):
            target = getattr(target, name)
        return await target(*map(self._argument, call.arguments), **{**options, **call.options})

    def _argument(self, value: Any) -> Any:
        """Make the files that a call uploads."""
        if not isinstance(value, list):
            return value
        paths = [self._files / name.removeprefix("{files}/") for name in value]
        for path in paths:
            path.write_text(f"This is {path.name}.")
        return paths

    async def _fault(self, situation: Situation) -> str:
        """Look whether the page is what the situation says it is."""
        if situation.cause is ElementCause.PAGE_HUNG:
            return ""
        session = self._session
        if situation.proof and await session.evaluate(situation.proof) is not True:
            return f"not true of the page: {situation.proof}"
        asked = situation.call.selector
        if situation.cause is ElementCause.TYPO:
            return str(await session.evaluate(TYPO, [asked, situation.target]))
        check = proof(situation.cause)
        css = situation.target or asked
        if check is None or not css or (not situation.target and _is_not_css(css)):
            return ""
        return str(await session.evaluate(check, css))

    async def _place(self, meant: str, candidates: tuple[str, ...]) -> int:
        """Return which of *candidates* finds the element that was *meant* before any other."""
        mark = f"([css, name]) => {{ {FIND} find(css).setAttribute(name, '') }}"
        await self._session.evaluate(mark, [meant, _MARK])
        for place, candidate in enumerate(candidates, 1):
            try:
                found = await self._session.dom.html(candidate)
            except BrowserElementNotFoundError:  # proposed, and not there: as wrong as another element
                continue
            if _MARK in found.partition(">")[0]:
                return place
        return 0


_GONE: Final = BrowserSessionClosedError


def _is_not_css(selector: str) -> bool:
    marks = ("//", "xpath=", "text=", "role=", ">>", ":has-text", ":text")
    return any(mark in selector for mark in marks)
