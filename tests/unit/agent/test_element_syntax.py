"""What was meant by selectors that do not parse."""

from __future__ import annotations

import pytest

from agent_bridge.diagnosis import syntax


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ("a[href='x'", "a[href='x']"),
        ("a[href='x]", "a[href='x']"),
        ("div[", "div"),
        ("div >", "div"),
        ("div.a)", "div.a"),
        ("//div[@id='x'", "//div[@id='x']"),
        ("div[@class='x']", "div[class='x']"),
        ('button:contains("Buy")', 'button:has-text("Buy")'),
        ("button:contains(Buy now)", 'button:has-text("Buy now")'),
        ("button:contains(Buy now", 'button:has-text("Buy now")'),
        ("li:eq(2)", "li >> nth=2"),
        ("li:first", "li >> nth=0"),
        ("li:last", "li >> nth=-1"),
        ("input:checkbox", "input[type=checkbox]"),
        ("[data-x=1]", '[data-x="1"]'),
        ("[class=a b]", '[class="a b"]'),
        ("#1a", '[id="1a"]'),
        (".md:flex", ".md\\:flex"),
        (".w-1/2", ".w-1\\/2"),
        ("##id", "#id"),
        ("/html/body", "xpath=/html/body"),
        ("$('.a')", ".a"),
        ("[title=“x”]", '[title="x"]'),
        ("h1::text", "h1"),
        ("a.next::attr(href)", "a.next"),
        ("getElementById('email')", "#email"),
        ('document.getElementsByClassName("row")', ".row"),
        ("getElementsByName('q')", '[name="q"]'),
        ("h1:has-txt('x')", "h1:has-text('x')"),
        ("li:nth-chld(2)", "li:nth-child(2)"),
        ("txt=Buy", "text=Buy"),
        ("xpth=//a", "xpath=//a"),
        ("link_text=Sign in", "text=Sign in"),
        ("name=email", '[name="email"]'),
        ("class=btn primary", ".btn.primary"),
        ("data-hook=buy", '[data-hook="buy"]'),
    ],
)
def test_corrections(selector: str, meant: str) -> None:
    assert meant in list(syntax.corrections_of(selector))


@pytest.mark.parametrize(
    "selector",
    [
        "button.buy",
        "//div[@class='a']",
        "text=Buy",
        "a:first-child",
        "li:nth-child(2)",
        'a[href="x"] >> nth=1',
    ],
)
def test_what_is_right_is_left_alone(selector: str) -> None:
    assert list(syntax.corrections_of(selector)) == []


def test_a_program_is_not_corrected() -> None:
    assert list(syntax.corrections_of("div[" * 1000)) == []


@pytest.mark.parametrize(
    ("selector", "parts"),
    [
        ("a", ["a"]),
        ("a >> b>>c", ["a", "b", "c"]),
        ("text='x >> y' >> b", ["text='x >> y'", "b"]),
        ("a >> ", ["a", ""]),
    ],
)
def test_parts_of_a_chain(selector: str, parts: list[str]) -> None:
    assert syntax.parts_of(selector) == parts


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('Unexpected token "" while parsing css selector "div["', "it ends too early"),
        ('Unexpected token ")" while parsing css selector "div)"', "unexpected ')'"),
        ('Unknown engine "foo" while parsing selector foo=bar', "there is no selector engine 'foo'"),
        ("'div[@a]' is not a valid selector.", "not valid CSS"),
        ("something else", ""),
    ],
)
def test_what_is_wrong(text: str, why: str) -> None:
    assert syntax.why_of(text) == why
