"""What is seen of a page as a whole when a call on it fails: plain values, all of them bounded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_MAX_TEXT: Final = 3000
_MAX_NAME: Final = 400


@dataclass(frozen=True, slots=True)
class Field:
    """A visible field of a form.

    Attributes:
        type: Of an input; ``select`` or ``textarea`` else.
        names: Its name, id, placeholder and labels.
        autocomplete: What the browser is to fill in.
    """

    type: str
    names: str = ""
    autocomplete: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """Visible fields that belong together.

    Attributes:
        action: Where it is sent to, as the markup says.
        names: Ids and classes of it and what it stands in.
        length: Characters in it.
        fields: Its fields.
        more: How many fields were left out.
        height: From the top of the first field to the bottom of the last.
        buttons: Labels of its buttons.
        heading: The last heading before its first field, of any level.
        place: ``main``, ``chrome`` (header, navigation, footer), ``aside`` or ``dialog``.
    """

    fields: tuple[Field, ...]
    action: str = ""
    names: str = ""
    length: int = 0
    more: int = 0
    height: float = 0.0
    buttons: tuple[str, ...] = ()
    heading: str = ""
    place: str = "main"


@dataclass(frozen=True, slots=True)
class FrameBox:
    """A visible frame, and the share of the viewport that it takes."""

    src: str
    names: str = ""
    share: float = 0.0
    width: float = 0.0
    height: float = 0.0


@dataclass(frozen=True, slots=True)
class Overlay:
    """What lies over the page.

    Attributes:
        points: At how many of nine points spread over the viewport it lies.
        is_locked: Whether the page behind does not scroll.
        frames: Address and names of frames in it.
    """

    points: int
    names: str = ""
    markup: str = ""
    text: str = ""
    buttons: tuple[str, ...] = ()
    fields: int = 0
    frames: tuple[str, ...] = ()
    is_modal: bool = False
    is_locked: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A part of the page that shows a skeleton or spinner and nothing else.

    Attributes:
        markup: Opening tag of the first indicator in it.
        share: Of the viewport.
        count: How many indicators.
        is_moving: Whether one is animated without end.
        is_busy: Whether one says so itself: `aria-busy`, `role=progressbar`.
        is_picture: Whether one is a picture called so, of which nobody knows whether it moves.
        text: What little text there is, without headings and navigation.
    """

    markup: str
    share: float
    count: int = 1
    is_moving: bool = False
    is_busy: bool = False
    is_picture: bool = False
    text: str = ""


@dataclass(frozen=True, slots=True)
class AppRoot:
    """An element that a script is to fill, and how much is in it."""

    selector: str
    weight: int = 0


@dataclass(frozen=True, slots=True)
class PageFacts:
    """Everything that is known of a page.

    Attributes:
        answered: Whether the page itself could be asked; without, only what came over the network is known.
        requested_url: What `navigate` was asked for.
        arrived_url: Where that led.
        missed_url: The document that was asked for last, when it did not come.
        missed_why: What the browser said of that, or the cause that was found.
        document_url: What the document was loaded from, before any script rewrote it.
        url: Where the page says it is.
        asked_url: What the request for this document asked for first, before redirects.
        status: HTTP status of the document, 0 when unknown.
        headers: A few headers of its response, in lower case.
        javascript: Whether the session runs scripts.
        is_loading: Whether a document is asked for that has not come yet.
        has_acted: Whether a click or the like happened since `navigate`: it may have led elsewhere.
        ready_state: ``loading``, ``interactive``, ``complete``, or "".
        text: The beginning of the text that shows, header, navigation and footer left out.
        length: How long the whole of that is.
        is_whole: Whether the page was read to its end.
        links: How many links it has besides header, navigation and footer.
        media: How many large pictures, likewise.
        prose: How much of the text stands outside of forms, links, labels and headings.
        records: How many rows, list items and articles it shows, besides forms and navigation.
        noscript: What is said to browsers without script.
        marks: Selectors, of those asked about, that match.
        needles: Texts, of those asked about, that inline scripts contain.
        refresh: Content of a refreshing meta element.
    """

    answered: bool = False
    requested_url: str = ""
    arrived_url: str = ""
    missed_url: str = ""
    missed_why: str = ""
    document_url: str = ""
    url: str = ""
    asked_url: str = ""
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    javascript: bool = True
    is_loading: bool = False
    has_acted: bool = False
    title: str = ""
    ready_state: str = ""
    text: str = ""
    length: int = 0
    chrome_length: int = 0
    is_whole: bool = True
    links: int = 0
    media: int = 0
    prose: int = 0
    records: int = 0
    headings: tuple[str, ...] = ()
    noscript: str = ""
    buttons: tuple[str, ...] = ()
    forms: tuple[Form, ...] = ()
    frames: tuple[FrameBox, ...] = ()
    overlay: Overlay | None = None
    waiting: tuple[Waiting, ...] = ()
    roots: tuple[AppRoot, ...] = ()
    scripts: tuple[str, ...] = ()
    needles: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    refresh: str = ""

    @property
    def is_small(self) -> bool:
        """Whether there is little besides what the page is about: an interstitial, not an article."""
        return self.answered and self.is_whole and self.length <= 1500 and self.links <= 15

    @property
    def is_bare(self) -> bool:
        """Whether there is next to nothing on it: no more than a line, and nothing to act on."""
        return (
            self.answered
            and self.length <= 60
            and not (self.links or self.media or self.forms or self.buttons)
        )

    @property
    def header(self) -> Mapping[str, str]:
        """The headers by name."""
        return dict(self.headers)


def seen_of(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the page's script says as arguments of `PageFacts`."""
    overlay = seen.get("overlay")
    return {
        "answered": True,
        "url": _text(seen.get("url"), 2000),
        "document_url": _text(seen.get("documentUrl"), 2000),
        "title": _text(seen.get("title")),
        "ready_state": _text(seen.get("readyState")),
        "text": _text(seen.get("text"), _MAX_TEXT),
        "length": _count(seen, "length"),
        "chrome_length": _count(seen, "chromeLength"),
        "is_whole": bool(seen.get("isWhole", True)),
        "links": _count(seen, "links"),
        "media": _count(seen, "media"),
        "prose": _count(seen, "prose"),
        "records": _count(seen, "records"),
        "headings": _texts(seen, "headings"),
        "noscript": _text(seen.get("noscript"), _MAX_TEXT),
        "buttons": _texts(seen, "buttons"),
        "forms": tuple(_form(form) for form in seen.get("forms") or ()),
        "frames": tuple(_frame(frame) for frame in seen.get("frames") or ()),
        "overlay": None if overlay is None else _overlay(overlay),
        "waiting": tuple(_waiting(waiting) for waiting in seen.get("waiting") or ()),
        "roots": tuple(
            AppRoot(_text(root.get("selector")), _count(root, "weight")) for root in seen.get("roots") or ()
        ),
        "scripts": _texts(seen, "scripts"),
        "needles": _texts(seen, "needles"),
        "marks": _texts(seen, "marks"),
        "refresh": _text(seen.get("refresh")),
    }


def _form(seen: Mapping[str, Any]) -> Form:
    return Form(
        fields=tuple(
            Field(_text(field.get("type")), _text(field.get("names")), _text(field.get("autocomplete")))
            for field in seen.get("fields") or ()
        ),
        action=_text(seen.get("action")),
        names=_text(seen.get("names")),
        length=_count(seen, "length"),
        more=_count(seen, "more"),
        height=_number(seen, "height"),
        buttons=_texts(seen, "buttons"),
        heading=_text(seen.get("heading")),
        place=_text(seen.get("place")),
    )


def _frame(seen: Mapping[str, Any]) -> FrameBox:
    return FrameBox(
        _text(seen.get("src")),
        _text(seen.get("names")),
        _number(seen, "share"),
        _number(seen, "width"),
        _number(seen, "height"),
    )


def _overlay(seen: Mapping[str, Any]) -> Overlay:
    return Overlay(
        points=_count(seen, "points"),
        names=_text(seen.get("names")),
        markup=_text(seen.get("markup")),
        text=_text(seen.get("text"), _MAX_TEXT),
        buttons=_texts(seen, "buttons"),
        fields=_count(seen, "fields"),
        frames=_texts(seen, "frames"),
        is_modal=bool(seen.get("isModal")),
        is_locked=bool(seen.get("isLocked")),
    )


def _waiting(seen: Mapping[str, Any]) -> Waiting:
    return Waiting(
        markup=_text(seen.get("markup")),
        share=_number(seen, "share"),
        count=_count(seen, "count"),
        is_moving=bool(seen.get("isMoving")),
        is_busy=bool(seen.get("isBusy")),
        is_picture=bool(seen.get("isPicture")),
        text=_text(seen.get("text")),
    )


def _text(value: object, limit: int = _MAX_NAME) -> str:
    return str(value or "")[:limit]


def _texts(seen: Mapping[str, Any], name: str) -> tuple[str, ...]:
    return tuple(_text(value) for value in seen.get(name) or ())


def _count(seen: Mapping[str, Any], name: str) -> int:
    return int(seen.get(name) or 0)


def _number(seen: Mapping[str, Any], name: str) -> float:
    return float(seen.get(name) or 0.0)
