"""What is said of a cover: nothing that cannot help."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent_bridge.diagnosis.elements import verdict_of
from agent_bridge.diagnosis.facts import CoverFacts, ElementFacts, FailedCall, Scene

PLAIN = CoverFacts("#c", '<div id="c">')
BUTTON = ElementFacts("<button>", "button")


def tips_of(cover: CoverFacts, element: ElementFacts = BUTTON, action: str = "click") -> tuple[str, ...]:
    text = "Call log:\n - locator resolved to <button>\n - <div> intercepts pointer events"
    scene = Scene(FailedCall(action, "#b", text), count=1, visible=1, element=replace(element, cover=cover))
    found = verdict_of(scene)
    assert found is not None
    return found.tips


def test_what_goes_away_is_waited_for() -> None:
    assert tips_of(PLAIN)[0] == "wait until it is gone: wait_for('#c', state='hidden')"
    busy = tips_of(replace(PLAIN, looks="loading"))
    assert busy[0].endswith("until that is over: wait_for('#c', state='hidden')")


@pytest.mark.parametrize(
    "cover",
    [
        replace(PLAIN, is_around=True, looks="modal"),
        replace(PLAIN, pseudo="::after"),
        replace(PLAIN, is_link=True),
        replace(PLAIN, is_bar=True),
        replace(PLAIN, tag="label"),
        replace(PLAIN, tag="html"),
    ],
)
@pytest.mark.parametrize("action", ["click", "hover"])
@pytest.mark.parametrize("tag", ["button", "div", "input"])
def test_what_stays_is_neither_waited_for_nor_closed(cover: CoverFacts, action: str, tag: str) -> None:
    element = replace(BUTTON, tag=tag, takes_text=tag == "input")
    for free in (None, (5, 6)):
        tips = tips_of(replace(cover, free=free), element, action)
        assert tips
        assert not [tip for tip in tips if "hidden" in tip or "close" in tip or "force" in tip]
        assert any("position=(5, 6)" in tip for tip in tips) is (action == "click" and free is not None)


def test_what_an_element_around_is_busy_with_ends() -> None:
    around = replace(PLAIN, is_around=True, pseudo="::after", is_busy=True, looks="loading")
    assert tips_of(around)[0] == "it shows that the page is at work: wait until that is over"


def test_a_position_is_told_from_a_cover() -> None:
    cover = replace(PLAIN, missed=(100, 20))
    scene = Scene(
        FailedCall("click", "#b", position=(500.0, 500.0)),
        count=1,
        visible=1,
        element=replace(BUTTON, cover=cover),
    )
    found = verdict_of(scene)
    assert found is not None
    assert found.explanation.startswith("position=(500, 500) lies outside of it, which is 100x20 pixels")
    outside = verdict_of(replace(scene, element=replace(BUTTON, cover=cover, is_outside=True)))
    assert outside is not None
    assert outside.explanation == found.explanation
