"""What was seen at the moment of failure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final

from cmdop_browser.exceptions.artifacts import Artifact
from cmdop_browser.exceptions.plain import clean_text

if TYPE_CHECKING:
    from cmdop_browser.exceptions.artifacts import Origin

ARTIFACTS: Final = ("screenshot", "html", "record")
"""The parts of the evidence that stay at the agent until they are fetched."""


@dataclass(frozen=True)
class Candidate:
    """A selector near the one that matched nothing.

    Attributes:
        selector: What to use instead.
        count: How many elements it matches.
        score: Likeness to what was asked for, 0 to 1.
        why: In what it is alike: id, class, attribute, tag or text.
    """

    selector: str
    count: int = 0
    score: float = 0.0
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The candidate as JSON values."""
        return {"selector": self.selector, "count": self.count, "score": self.score, "why": self.why}

    @classmethod
    def parse(cls, value: Candidate | Mapping[str, Any]) -> Candidate:
        """Read what :meth:`to_dict` wrote; candidates pass through."""
        read = cls(**_known(cls, value)) if isinstance(value, Mapping) else value
        return replace(read, selector=clean_text(read.selector), why=clean_text(read.why))


@dataclass(frozen=True)
class PageSnapshot:
    """The page as it was.

    Attributes:
        url: Where it was, credentials masked.
        title: Its title; empty when it had none or would not say.
        status: HTTP status of the document, None when there was no response.
        ready_state: ``loading``, ``interactive`` or ``complete``; None when unknown.
    """

    url: str
    title: str = ""
    status: int | None = None
    ready_state: str | None = None

    def __str__(self) -> str:
        known = [str(self.status)] if self.status is not None else []
        if self.title:
            known.append(f'"{self.title}"')
        return f"{self.url} ({', '.join(known)})" if known else self.url

    def to_dict(self) -> dict[str, Any]:
        """The page as JSON values."""
        return {"url": self.url, "title": self.title, "status": self.status, "ready_state": self.ready_state}

    @classmethod
    def parse(cls, value: PageSnapshot | Mapping[str, Any] | None) -> PageSnapshot | None:
        """Read what :meth:`to_dict` wrote; snapshots and None pass through."""
        if value is None:
            return None
        read = cls(**_known(cls, value)) if isinstance(value, Mapping) else value
        return replace(read, url=clean_text(read.url), title=clean_text(read.title))


@dataclass(frozen=True)
class Evidence:
    """What an error of the browser was diagnosed from.

    Attributes:
        call_log: What the browser tried, in order.
        page: The page at that moment.
        console: The latest messages of the page's console.
        failed_requests: The latest requests that failed, one line each.
        candidates: Selectors near the one that matched nothing, best first.
        screenshot: The picture of the page, fetched when it is read; None without one.
        html: The HTML of the page, likewise.
        record: The whole record of the error, likewise; None when nothing of it was cut.
        missing: What there should be and is not, with the reason: ``screenshot: the agent could
            not keep it: no space left on device``.
    """

    call_log: tuple[str, ...] = ()
    page: PageSnapshot | None = None
    console: tuple[str, ...] = ()
    failed_requests: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    screenshot: Artifact | None = None
    html: Artifact | None = None
    record: Artifact | None = None
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Evidence()

    def to_dict(self) -> dict[str, Any]:
        """The evidence as JSON values, empty parts left out."""
        record: dict[str, Any] = {}
        for name in ("call_log", "console", "failed_requests", "missing"):
            if lines := getattr(self, name):
                record[name] = list(lines)
        if self.page is not None:
            record["page"] = self.page.to_dict()
        if self.candidates:
            record["candidates"] = [candidate.to_dict() for candidate in self.candidates]
        for name in ARTIFACTS:
            if artifact := getattr(self, name):
                record[name] = artifact.to_dict()
        return record

    def without(self, part: str, why: str) -> Evidence:
        """The same evidence, which says why it lacks *part*."""
        return replace(self, missing=(*self.missing, f"{part}: {why}"))

    def fetched_from(self, origin: Origin) -> Evidence:
        """The same evidence, whose artifacts know where they are to be had."""
        artifacts = {name: getattr(self, name) for name in ARTIFACTS}
        return replace(
            self,
            **{
                name: replace(found, _origin=origin) for name, found in artifacts.items() if found is not None
            },
        )

    @classmethod
    def parse(cls, value: Evidence | Mapping[str, Any] | None) -> Evidence:
        """Read what :meth:`to_dict` wrote; evidence passes through."""
        if value is None:
            return cls()
        read = cls(**_known(cls, value)) if isinstance(value, Mapping) else value
        return replace(
            read,
            call_log=_lines(read.call_log),
            page=PageSnapshot.parse(read.page),
            console=_lines(read.console),
            failed_requests=_lines(read.failed_requests),
            missing=_lines(read.missing),
            candidates=tuple(Candidate.parse(candidate) for candidate in read.candidates),
            **{name: Artifact.parse(getattr(read, name)) for name in ARTIFACTS},
        )


def _lines(lines: Any) -> tuple[str, ...]:
    return tuple(clean_text(str(line)) for line in lines)


def _known(cls: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a newer peer knows and we do not."""
    names = {spec.name for spec in fields(cls)}
    return {name: value for name, value in values.items() if name in names}
