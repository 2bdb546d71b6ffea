"""Which cause wins: the table of rules, fed with facts, without a browser."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from agent_bridge.diagnosis.elements import PLAINLY_MEANT, RULES, verdict_of
from agent_bridge.diagnosis.facts import (
    By,
    Choice,
    ClosedRoot,
    Closer,
    CoverFacts,
    ElementFacts,
    FrameMatch,
    Scene,
    Sibling,
    Syntax,
)
from agent_bridge.diagnosis.nearness import NearMiss
from cmdop_browser.exceptions import ElementCause, Outcome
from tests.unit.agent.element_scenes import (
    COLOURS,
    DONE,
    FOUND,
    HELD_BACK,
    NEAR,
    button,
    call,
    field,
    found_but,
    kind,
    none,
    one,
)

if TYPE_CHECKING:
    from agent_bridge.diagnosis.elements import Verdict

C = ElementCause


def verdict(scene: Scene) -> Verdict:
    found = verdict_of(scene)
    assert found is not None
    return found


COVER = CoverFacts(
    ".cookie-banner",
    '<div class="cookie-banner">',
    closers=(Closer("Accept", '.cookie-banner button:has-text("Accept")'),),
    looks="consent",
)
OWN = By("display: none", "#x", "<button>")
AROUND = By("display: none", "#menu", '<ul id="menu">', own=False)

FACTS_OF_ELEMENTS = [
    ("hidden itself", one("click", button(hidden=OWN)), C.HIDDEN),
    ("hidden around it", one("hover", button(hidden=AROUND)), C.HIDDEN),
    (
        "hidden, the probe being late",
        Scene(call(text=found_but("element is not visible")), probed=False),
        C.HIDDEN,
    ),
    (
        "in a frame that is hidden",
        one("click", button(), found_but("element is inside a hidden frame")),
        C.HIDDEN,
    ),
    ("waited for, and hidden", one("wait_for", button(hidden=OWN), state="visible"), C.HIDDEN),
    ("an empty box", one("click", button(is_empty=True)), C.ZERO_SIZE),
    ("disabled by an attribute", one("click", button(disabled=By("disabled attribute"))), C.DISABLED),
    ("disabled by a fieldset", one("fill", field(disabled=By("disabled fieldset", own=False))), C.DISABLED),
    (
        "disabled, the probe being late",
        Scene(call(text=found_but("element is not enabled")), probed=False),
        C.DISABLED,
    ),
    ("inert", one("click", button(disabled=By("inert", own=False), cover=COVER)), C.DISABLED),
    ("inert, hovered over", one("hover", button(disabled=By("inert", own=False), cover=COVER)), C.DISABLED),
    ("inert, said by Playwright", one("click", button(), found_but("element is inert")), C.DISABLED),
    (
        "without pointer events, so that something behind it would be hit",
        one(
            "click",
            button(disabled=By("pointer-events: none"), cover=COVER),
            found_but("<p> intercepts pointer events"),
        ),
        C.DISABLED,
    ),
    (
        "an option that is disabled",
        one(
            "select_option",
            ElementFacts("<select>", "select"),
            found_but("option being selected is not enabled"),
        ),
        C.DISABLED,
    ),
    (
        "disabled, but only hovered over",
        one("hover", button(disabled=By("disabled attribute"), cover=COVER)),
        C.COVERED,
    ),
    ("read-only", one("fill", field(readonly=By("readonly attribute"))), C.READONLY),
    ("read-only, said by Playwright", one("fill", field(), found_but("element is not editable")), C.READONLY),
    ("covered", one("click", button(cover=COVER)), C.COVERED),
    (
        "covered, the probe being late",
        Scene(call(text=found_but('<div class="a"></div> intercepts pointer events')), probed=False),
        C.COVERED,
    ),
    ("hidden and disabled", one("click", button(hidden=OWN, disabled=By("disabled attribute"))), C.HIDDEN),
    (
        "disabled and covered",
        one("click", button(disabled=By("disabled attribute"), cover=COVER)),
        C.DISABLED,
    ),
    ("outside", one("click", button(is_outside=True)), C.OUTSIDE_VIEWPORT),
    (
        "outside, said by Playwright",
        one("click", button(), found_but("element is outside of the viewport")),
        C.OUTSIDE_VIEWPORT,
    ),
    ("moving", one("click", button(is_moving=True)), C.MOVING),
    ("moving, said by Playwright", one("click", button(), found_but("element is not stable")), C.MOVING),
    (
        "detached again and again",
        one("click", button(), f"{FOUND}  - element was detached from the DOM, retrying\n"),
        C.DETACHED,
    ),
    ("there at first, then gone", Scene(call(text=FOUND)), C.DETACHED),
    ("taken away while it was looked at", one("click", button(is_detached=True)), C.DETACHED),
    (
        "a type=hidden input that was to be filled",
        one("fill", field("hidden", hidden=By("type=hidden"))),
        C.HIDDEN,
    ),
    ("a div that was to be filled", one("fill", ElementFacts("<div>", "div")), C.WRONG_TYPE),
    (
        "not editable on purpose",
        one("fill", ElementFacts("<div>", "div", content_editable=False)),
        C.WRONG_TYPE,
    ),
    ("select_option on an input", one("select_option", field()), C.WRONG_TYPE),
    ("upload to a text field", one("upload", field()), C.WRONG_TYPE),
    (
        "a table that is a form",
        one("dom.table", ElementFacts("<form>", "form"), "", kind="table", timed_out=False),
        C.WRONG_TYPE,
    ),
    (
        "no such option",
        one("select_option", ElementFacts("<select>", "select"), found_but("did not find some options")),
        C.NO_SUCH_OPTION,
    ),
    (
        "no such option, on a machine too busy to say so",
        one("select_option", COLOURS, options=("Reed",)),
        C.NO_SUCH_OPTION,
    ),
    (
        "an option that is disabled, on a machine too busy to say so",
        one("select_option", COLOURS, options=("x",)),
        C.DISABLED,
    ),
    (
        "an option that came as the time ran out",
        one("select_option", COLOURS, options=("Red",)),
        C.PAGE_LOADING,
    ),
    (
        "an option that may be among those not looked at",
        one("select_option", replace(COLOURS, more_options=1), options=("Reed",)),
        C.PAGE_LOADING,
    ),
    (
        "several",
        Scene(
            call(text='strict mode violation: locator(".x") resolved to 3 elements:', timed_out=False),
            count=3,
        ),
        C.AMBIGUOUS,
    ),
    ("several, on a machine too busy to say so", Scene(call(), count=3, element=button()), C.AMBIGUOUS),
    ("came as the time ran out", one("click", button()), C.PAGE_LOADING),
]

REFUSALS = [
    ("fill", field("number"), "Cannot type text into input[type=number]", "'12.5'"),
    ("fill", field("date"), "Malformed value", "'2024-03-31'"),
    ("fill", field("time"), "Malformed value", "'13:45'"),
    ("fill", field("color"), "Malformed value", "'#ff8800'"),
    ("fill", field("checkbox"), 'Input of type "checkbox" cannot be filled', "use check"),
    (
        "fill",
        ElementFacts("<select>", "select"),
        "Element is not an <input>, <textarea> or [contenteditable] element",
        "use select_option",
    ),
    ("fill", ElementFacts("<button>", "button"), "Element is not an <input>, <textarea>", "use click"),
    ("upload", field("file"), "Non-multiple file input can only accept single file", "a single file"),
    ("uncheck", field("radio"), "Cannot uncheck radio button. Radio buttons", "another radio button"),
    ("check", field(), "Not a checkbox or radio button", "use fill"),
    ("check", field("checkbox"), "Clicking the checkbox did not change its state", "refuse"),
]

ELSEWHERE = [
    (
        "in a frame",
        none(frames=(FrameMatch("#f", "https://a.test/", 1),), near=(NEAR,), kind=kind(C.LOGIN_WALL)),
        C.IN_IFRAME,
    ),
    ("in a closed root", none(closed_roots=(ClosedRoot("#host"),), near=(NEAR,)), C.IN_CLOSED_SHADOW_ROOT),
    ("something near", none(near=(NEAR,)), C.TYPO),
    *(
        (f"something near on {page}", none(near=(NEAR,), kind=kind(page)), C.TYPO)
        for page in (C.ERROR_PAGE, C.WRONG_PAGE, C.SCRIPT_DISABLED, C.PAGE_LOADING)
    ),
    *(
        (f"something a little near on {page}", none(near=(NEAR,), kind=kind(page)), page)
        for page in (C.CHALLENGE, C.LOGIN_WALL, C.CONSENT_WALL)
    ),
    *(
        (
            f"something plainly meant on {page}",
            none(near=(NearMiss("#a", 1, PLAINLY_MEANT, "id"),), kind=kind(page)),
            C.TYPO,
        )
        for page in (C.CHALLENGE, C.LOGIN_WALL, C.CONSENT_WALL)
    ),
    (
        "something near in the login form",
        none(near=(NearMiss("#user", 1, 0.75, "id", in_login_form=True),), kind=kind(C.LOGIN_WALL)),
        C.TYPO,
    ),
    *(
        (f"on {page}", none(kind=kind(page)), page)
        for page in (
            C.CHALLENGE,
            C.LOGIN_WALL,
            C.CONSENT_WALL,
            C.ERROR_PAGE,
            C.WRONG_PAGE,
            C.SCRIPT_DISABLED,
            C.PAGE_LOADING,
        )
    ),
    ("on the way to another page", none(pending_url="https://a.test/next"), C.PAGE_LOADING),
    ("gone with its page", Scene(call(text=FOUND), moved_to="https://a.test/next"), C.WRONG_PAGE),
    ("nothing at all", none(), C.NO_MATCH),
    ("there after a read", Scene(call("dom.text", "", timed_out=False), count=1), C.PAGE_LOADING),
    ("nothing, and a page that was too busy", none(probed=False), C.NO_MATCH),
    ("below an open shadow root", none(below_root="#host"), C.NO_MATCH),
]

FIRST_OF_ALL = [
    (
        "does not parse",
        none(syntax=Syntax("div[", "it ends too early"), hung=True, kind=kind(C.LOGIN_WALL)),
        C.INVALID_SELECTOR,
    ),
    (
        "no such key",
        Scene(call("press", 'Unknown key: "Entre"', key="Entre", timed_out=False), hung=True),
        C.UNKNOWN_KEY,
    ),
    ("hung, though something is near", none(hung=True, freed=True, near=(NEAR,)), C.PAGE_HUNG),
    ("hung, and not freed", none(hung=True, probed=False), C.PAGE_HUNG),
]


@pytest.mark.parametrize(
    ("scene", "cause"),
    [
        pytest.param(scene, cause, id=name)
        for name, scene, cause in (*FACTS_OF_ELEMENTS, *ELSEWHERE, *FIRST_OF_ALL)
    ],
)
def test_one_cause_wins(scene: Scene, cause: ElementCause) -> None:
    found = verdict(scene)
    assert found.cause is cause
    assert found.explanation
    assert found.tips


@pytest.mark.parametrize(
    "scene",
    [pytest.param(scene, id=name) for name, scene, _ in FACTS_OF_ELEMENTS if scene.element is not None],
)
def test_a_fact_about_an_element_wins_on_whatever_page(scene: Scene) -> None:
    on_an_error_page = replace(scene, kind=kind(C.ERROR_PAGE), near=(NEAR,))
    assert verdict(on_an_error_page).cause is verdict(scene).cause


@pytest.mark.parametrize(("action", "element", "text", "tip"), REFUSALS)
def test_what_an_element_refuses_names_the_call_or_form_that_fits(
    action: str, element: ElementFacts, text: str, tip: str
) -> None:
    found = verdict(one(action, element, text, timed_out=False))
    assert found.cause is C.WRONG_TYPE
    assert tip in "; ".join(found.tips)
    refused_late = text.startswith(("Clicking", "Malformed"))
    assert found.outcome is (Outcome.UNKNOWN if refused_late else Outcome.NOT_EXECUTED)


def test_every_cause_has_a_rule() -> None:
    assert {rule.cause for rule in RULES} == set(ElementCause)


def test_a_cover_reads_as_documented() -> None:
    found = verdict(one("click", button(cover=COVER)))
    assert found.explanation == 'covered by <div class="cookie-banner">'
    assert found.tips == (
        "close the consent banner first: click '.cookie-banner button:has-text(\"Accept\")'",
        "or pass force=True to click through it",
    )
    assert verdict(one("hover", button(cover=COVER))).tips == found.tips[:1]


def test_a_near_miss_reads_as_documented() -> None:
    found = verdict(none(near=(NEAR, NearMiss("button.buy", 1, 0.7, "class"))))
    assert found.tips[0] == "did you mean 'button.buy-now'? (2 matches)"
    assert [candidate.selector for candidate in found.candidates] == ["button.buy-now", "button.buy"]
    assert found.matches == 0


def test_several_matches_tell_how_to_pick_one() -> None:
    siblings = (Sibling("#a", "<a>", is_visible=False), Sibling("#b", "<a>"))
    text = 'strict mode violation: locator("#x") resolved to 2 elements:'
    found = verdict(Scene(call(text=text, timed_out=False), count=2, visible=1, siblings=siblings))
    assert found.explanation == "the selector matches 2 elements, 1 of them visible"
    assert found.tips[0] == "only one of them is visible: '#x >> visible=true'"
    assert "'#x >> nth=0'" in found.tips[1]
    assert [candidate.selector for candidate in found.candidates] == ["#b", "#a"]
    assert found.matches == 2


def test_an_option_that_is_not_there_names_those_that_are() -> None:
    options = (Choice("r", "Red"), Choice("g", "Green"), Choice("x", "Infrared", disabled=True))
    scene = one(
        "select_option",
        ElementFacts("<select>", "select", options=options),
        found_but("did not find some options"),
        options=("Gren",),
    )
    assert verdict(scene).tips == (
        "did you mean label='Green' (value='g')?",
        "the options there are: 'Red', 'Green', 'Infrared'",
    )


def test_a_match_in_a_frame_gives_the_way_there() -> None:
    frames = (FrameMatch("#f", "https://a.test/inner", 2, "#f >> internal:control=enter-frame >> #x"),)
    found = verdict(none(frames=frames))
    assert found.explanation == "no match in the page, but 2 matches in the frame '#f' (https://a.test/inner)"
    assert found.candidates[0].selector == frames[0].selector


@pytest.mark.parametrize(
    ("text", "cause", "outcome"),
    [
        (FOUND + DONE, None, Outcome.EXECUTED),
        (f"{FOUND}  - performing click action\n", C.PAGE_HUNG, Outcome.UNKNOWN),
        (FOUND + HELD_BACK, C.COVERED, Outcome.NOT_EXECUTED),
    ],
    ids=["done, its page still loading", "begun, no end known", "held back and tried again"],
)
def test_what_became_of_the_act(text: str, cause: ElementCause | None, outcome: Outcome) -> None:
    found = verdict(one("click", button(), text))
    assert (found.cause, found.outcome) == (cause, outcome)


def test_typing_that_did_not_end_may_be_half_done() -> None:
    text = (
        'Timeout 800ms exceeded.\nCall log:\n  - waiting for locator("#x")\n  - locator resolved to <input>\n'
    )
    found = verdict(one("type", field(), text))
    assert (found.cause, found.outcome) == (None, Outcome.UNKNOWN)


def test_a_refusal_without_a_cause_is_none() -> None:
    scene = one("click", button(), "something that nobody has seen before", timed_out=False)
    assert verdict_of(scene) is None
