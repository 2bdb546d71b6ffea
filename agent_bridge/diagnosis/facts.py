"""What was seen when a call on an element failed: the facts that the rules judge.

Nothing here knows a browser. The probe fills these in as far as it got; what it
could not see stays at its default, and no rule may take a default for a fact.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from agent_bridge.diagnosis.nearness import NearMiss
    from agent_bridge.diagnosis.pages import PageKind
    from cmdop_browser.exceptions import Candidate


class Need(StrEnum):
    """What a call asks of its element before it acts."""

    VISIBLE = "visible"
    ENABLED = "enabled"
    EDITABLE = "editable"
    STABLE = "stable"
    POINTER = "pointer"  # nothing else receives the click


_POINTED = frozenset({Need.VISIBLE, Need.ENABLED, Need.STABLE, Need.POINTER})
_NEEDS: dict[str, frozenset[Need]] = {
    "click": _POINTED,
    "check": _POINTED,
    "uncheck": _POINTED,
    "hover": frozenset({Need.VISIBLE, Need.STABLE, Need.POINTER}),
    "fill": frozenset({Need.VISIBLE, Need.ENABLED, Need.EDITABLE}),
    "type": frozenset({Need.VISIBLE, Need.ENABLED, Need.EDITABLE}),
    "select_option": frozenset({Need.VISIBLE, Need.ENABLED}),
    "screenshot": frozenset({Need.VISIBLE, Need.STABLE}),
    "wait_for": frozenset({Need.VISIBLE}),
}


@dataclass(frozen=True, slots=True)
class FailedCall:
    """The call that failed, as the caller made it.

    Attributes:
        action: Its public name.
        selector: As it was given.
        text: Playwright's message with its call log; "" when there was none.
        timed_out: Whether the time ran out, rather than Playwright refusing.
        waited: Seconds that the caller gave.
        state: What `wait_for` waited for.
        key: What `press` was to press.
        force: Whether the checks before a click were to be left out.
        position: Where in the element to click.
        options: Values or labels that `select_option` was to select.
        kind: Tag of the element that the call is for, where it is for one kind only.
    """

    action: str
    selector: str
    text: str = ""
    timed_out: bool = True
    waited: float = 0.0
    state: str | None = None
    key: str | None = None
    force: bool = False
    position: tuple[float, float] | None = None
    options: tuple[str, ...] = ()
    kind: str | None = None

    @property
    def needs(self) -> frozenset[Need]:
        """What the call asks of its element."""
        if self.force:
            return frozenset({Need.VISIBLE})
        if self.action == "wait_for" and self.state == "attached":
            return frozenset()
        return _NEEDS.get(self.action, frozenset())


@dataclass(frozen=True, slots=True)
class By:
    """What does something to the element: an attribute or style, and on which element.

    Attributes:
        what: Such as ``display: none`` or ``fieldset``.
        selector: Of the element that has it.
        markup: Opening tag of that element.
        own: Whether it is the element itself, rather than one around it.
    """

    what: str
    selector: str = ""
    markup: str = ""
    own: bool = True


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a list."""

    value: str
    label: str
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Closer:
    """A control that may close what covers the click point."""

    text: str
    selector: str


@dataclass(frozen=True, slots=True)
class CoverFacts:
    """What receives the click instead of the element.

    Attributes:
        selector: Of the outermost element that belongs to the cover alone.
        markup: Its opening tag.
        tag: Its tag.
        role: Its role attribute.
        names: Ids, classes and labels of the cover and what it contains at the click point.
        text: The beginning of its rendered text.
        is_modal: Whether it says itself that it is one: `aria-modal` or an open dialog.
        is_label: Whether it is, or belongs to, the label of the element.
        closers: Its buttons and links that may close it, likely ones first.
        url: Of the frame, where it is one.
        frame: Selector of the frame that it is or holds.
        is_around: Whether the element itself stands in it: a click "through" it goes to it as well.
        pseudo: The pseudo-element of it that lies there, such as ``::after``.
        is_link: Whether it is, or belongs to, a link or button of its own.
        is_bar: Whether it is a header or the like that keeps its place while the page scrolls.
        is_busy: Whether it shows that the page is at work.
        free: A place in the element that a click does reach, for ``position=``.
        missed: Width and height of the element, where the ``position=`` asked for lies outside of it.
        looks: What it looks like, if anything in particular.
    """

    selector: str
    markup: str
    tag: str = "div"
    role: str = ""
    names: str = ""
    text: str = ""
    is_modal: bool = False
    is_label: bool = False
    closers: tuple[Closer, ...] = ()
    url: str = ""
    frame: str = ""
    is_around: bool = False
    pseudo: str = ""
    is_link: bool = False
    is_bar: bool = False
    is_busy: bool = False
    free: tuple[int, int] | None = None
    missed: tuple[int, int] | None = None
    looks: Literal["consent", "modal", "loading"] | None = None

    @property
    def stays(self) -> bool:
        """Whether it is part of the page, so that neither waiting nor closing takes it away."""
        if self.is_label or self.tag in {"label", "html", "body"}:
            return True
        if self.is_around or self.pseudo:
            return self.looks != "loading"
        return self.looks is None and not self.closers and (self.is_link or self.is_bar)


@dataclass(frozen=True, slots=True)
class ElementFacts:
    """The element that the call would act on.

    Attributes:
        markup: Its opening tag, bounded, without values.
        tag: In lower case.
        type: Of an input, in lower case.
        selector: One that matches it alone.
        hidden: What hides it; None when it is rendered.
        is_empty: Whether its box has no area.
        is_outside: Whether its box lies where no scrolling brings it into the viewport.
        is_moving: Whether its box changed from one frame to the next.
        is_detached: Whether it was taken out of the document while it was looked at.
        disabled: What disables it.
        readonly: What makes its text read-only.
        content_editable: Its `contenteditable` as inherited; None without one.
        takes_text: Whether `fill` is for elements of its kind.
        label: Selector of its label, which may be clicked in its place.
        widget: Selector of what shows in its place, where a script drew a list of its own.
        options: Of a select, those that there are; cut at a few dozen.
        more_options: How many were cut off.
        is_multiple: Whether it takes several options or files.
        cover: What receives the click in its place.
    """

    markup: str
    tag: str
    type: str = ""
    selector: str = ""
    hidden: By | None = None
    is_empty: bool = False
    is_outside: bool = False
    is_moving: bool = False
    is_detached: bool = False
    disabled: By | None = None
    readonly: By | None = None
    content_editable: bool | None = None
    takes_text: bool = False
    label: str = ""
    widget: str = ""
    options: tuple[Choice, ...] = ()
    more_options: int = 0
    is_multiple: bool = False
    cover: CoverFacts | None = None

    @property
    def is_visible(self) -> bool:
        """Whether it shows on the page."""
        return self.hidden is None and not self.is_empty


@dataclass(frozen=True, slots=True)
class Sibling:
    """One of several matches."""

    selector: str
    markup: str
    is_visible: bool = True


@dataclass(frozen=True, slots=True)
class FrameMatch:
    """A frame in which the selector matches.

    Attributes:
        frame: Selector of the frame's element; several, outermost first, when nested.
        url: Of the frame's document.
        count: How many elements match in it.
        selector: The whole way to the match in one selector; "" when it could not be verified.
    """

    frame: str
    url: str
    count: int
    selector: str = ""


@dataclass(frozen=True, slots=True)
class ClosedRoot:
    """A closed shadow root that holds a match.

    Attributes:
        host: Selector of the element that hosts it.
        count: How many elements match in it.
    """

    host: str
    count: int = 1


@dataclass(frozen=True, slots=True)
class Syntax:
    """Why a selector does not parse, or parses and can match nothing.

    Attributes:
        where: The part that is wrong, or "" when only the whole is known to be.
        why: What is wrong with it, in a few words.
        corrections: What was probably meant; each of them parses.
        parses: Whether Playwright takes it, though it is of no use.
        tips: What to do besides.
    """

    where: str = ""
    why: str = ""
    corrections: tuple[Candidate, ...] = ()
    parses: bool = False
    tips: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is known of one failure.

    Attributes:
        call: The call.
        probed: Whether the page answered; if not, counts and facts below say nothing.
        refused: Whether Playwright refused the question; if not, a page that did not answer was busy.
        count: How many elements match in the main document, open shadow roots included.
        visible: How many of them are visible.
        element: The first match.
        siblings: The first few of several matches.
        frames: Frames with matches.
        closed_roots: Closed shadow roots with matches.
        below_root: Host of an open shadow root in which an XPath would match.
        syntax: What is wrong with the selector; None when it parses.
        near: Elements that were probably meant, best first.
        searched_whole: Whether there was time to search the whole page for them.
        kind: What the page is, if anything special.
        hung: Whether the page answered to nothing.
        freed: Whether it answered when its script was stopped.
        pending_url: URL of a navigation that has begun and not arrived.
        moved_to: URL of a document that took the place of the one acted on meanwhile.
        page: A few words on the page: title, URL, status.
    """

    call: FailedCall
    probed: bool = True
    refused: bool = False
    count: int = 0
    visible: int = 0
    element: ElementFacts | None = None
    siblings: tuple[Sibling, ...] = ()
    frames: tuple[FrameMatch, ...] = ()
    closed_roots: tuple[ClosedRoot, ...] = ()
    below_root: str = ""
    syntax: Syntax | None = None
    near: tuple[NearMiss, ...] = ()
    searched_whole: bool = True
    kind: PageKind | None = None
    hung: bool = False
    freed: bool = False
    pending_url: str = ""
    moved_to: str = ""
    page: str = ""


def element_facts(seen: dict[str, Any]) -> ElementFacts:
    """Read what the probe's script says of an element."""
    cover = seen.get("cover")
    return ElementFacts(
        markup=str(seen["markup"]),
        tag=str(seen["tag"]),
        type=str(seen.get("type") or ""),
        selector=str(seen.get("selector") or ""),
        hidden=_by(seen.get("hidden")),
        is_empty=bool(seen.get("empty")),
        is_outside=bool(seen.get("outside")),
        is_moving=bool(seen.get("moving")),
        is_detached=bool(seen.get("detached")),
        disabled=_by(seen.get("disabled")),
        readonly=_by(seen.get("readonly")),
        content_editable=seen.get("contentEditable"),
        takes_text=bool(seen.get("takesText")),
        label=str(seen.get("label") or ""),
        widget=str(seen.get("widget") or ""),
        options=tuple(
            Choice(str(option["value"]), str(option["label"]), bool(option["disabled"]))
            for option in seen.get("options") or ()
        ),
        more_options=int(seen.get("moreOptions") or 0),
        is_multiple=bool(seen.get("multiple")),
        cover=None if cover is None else _cover(cover),
    )


def _by(seen: dict[str, Any] | None) -> By | None:
    if seen is None:
        return None
    return By(str(seen["what"]), str(seen["selector"]), str(seen["markup"]), bool(seen["own"]))


def _cover(seen: dict[str, Any]) -> CoverFacts:
    return CoverFacts(
        selector=str(seen["selector"]),
        markup=str(seen["markup"]),
        tag=str(seen["tag"]),
        role=str(seen.get("role") or ""),
        names=str(seen.get("names") or ""),
        text=str(seen.get("text") or ""),
        is_modal=bool(seen.get("modal")),
        is_label=bool(seen.get("label")),
        closers=tuple(
            Closer(str(closer["text"]), str(closer["selector"])) for closer in seen.get("closers") or ()
        ),
        url=str(seen.get("url") or ""),
        frame=str(seen.get("frame") or ""),
        is_around=bool(seen.get("around")),
        pseudo=str(seen.get("pseudo") or ""),
        is_link=bool(seen.get("link")),
        is_bar=bool(seen.get("bar")),
        is_busy=bool(seen.get("busy")),
        free=_pair(seen.get("free")),
        missed=_pair(seen.get("missed")),
    )


def _pair(seen: Any) -> tuple[int, int] | None:
    return None if seen is None else (round(seen[0]), round(seen[1]))
