"""Selectors that can match nothing on any page, and what was meant by them."""

from __future__ import annotations

import pytest

from agent_bridge.diagnosis import mistakes


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ("//h2/text()", "//h2"),
        ("//ul//text()", "//ul"),
        ("//li/text()[1]", "//li"),
        ("//input/@id", "//input"),
        ("xpath=//a[@href='/x']/@href", "xpath=//a[@href='/x']"),
        ("h1 >> nth=x", "h1 >> nth=0"),
        ("li >> nth=last", "li >> nth=-1"),
        ("li >> nth=(2) >> a", "li >> nth=2 >> a"),
        ("h1 >> visible=maybe", "h1 >> visible=true"),
        ("h1 >> visible=False", "h1 >> visible=false"),
        ("role=buton", "role=button"),
        ("role=btn[name='Buy']", "role=button[name='Buy']"),
        ("role=h2", "role=heading"),
        ("role=button[name=]", "role=button"),
        ("div:nth-child(0)", "div:nth-child(1)"),
        ("li:nth-of-type( 0 ) a", "li:nth-of-type( 1 ) a"),
        ("“#email”", "#email"),
        ("[name=“email”]", '[name="email"]'),
        ("a:has-text(‘Buy’)", "a:has-text('Buy')"),  # noqa: RUF001 -- as word processors write them
        ("'h1'", "h1"),
        ("\"'h1'\"", "h1"),
        ('".price"', ".price"),
        ("'div.card > a'", "div.card > a"),
    ],
)
def test_what_was_meant(selector: str, meant: str) -> None:
    mistake = mistakes.mistake_in(selector)

    assert mistake is not None
    assert mistake.corrections[0] == meant
    assert mistakes.mistake_in(meant) is None


@pytest.mark.parametrize(
    "selector",
    [
        "h1",
        "//h2[text()='Sub']",
        "//a[@href]",
        "//h2/text()/..",
        "(//input)[2]",
        "li >> nth=-1",
        "li >> nth= 2",
        "li >> visible=true",
        "role=button[name='Buy']",
        "role=button[name=/buy/i]",
        "div:nth-child(10)",
        "text=“Hello”",
        'button:has-text("Don’t")',  # noqa: RUF001 -- an apostrophe as pages write it
        '"Sign in"',
        "'Read more...'",
        '"Next >"',
        "data-testid=x",
    ],
)
def test_what_may_match_is_left_alone(selector: str) -> None:
    assert mistakes.mistake_in(selector) is None


def test_a_quoted_selector_may_be_a_text() -> None:
    mistake = mistakes.mistake_in("'button'")

    assert mistake is not None
    assert not mistake.is_certain


def test_nth_needs_something_to_pick_from() -> None:
    mistake = mistakes.mistake_in("nth=0")

    assert mistake is not None
    assert mistake.tips == ("say first what to pick from: 'li >> nth=0'",)


def test_the_part_of_a_chain_is_named() -> None:
    mistake = mistakes.mistake_in("main >> //h2/text()")

    assert mistake is not None
    assert (mistake.where, mistake.corrections) == ("//h2/text()", ("main >> //h2",))


def test_how_to_read_what_scrapy_reads() -> None:
    assert mistakes.reading_tips("h1::text") == (mistakes.READ_TEXT,)
    assert mistakes.reading_tips("a::attr(href)") == (mistakes.READ_ATTRIBUTES,)
    assert mistakes.reading_tips("h1") == ()
