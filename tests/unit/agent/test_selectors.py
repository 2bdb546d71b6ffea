"""Selectors taken apart: what each part asks for, and where it stands."""

from __future__ import annotations

import pytest

from agent_bridge.diagnosis.selector_parts import Kind, Part, Syntax, applied, escaped, replaced, revalued
from agent_bridge.diagnosis.selectors import MAX_SELECTOR, parse

Seen = tuple[str, str, str | None]


def _parts(selector: str) -> list[list[Seen]]:
    parsed = parse(selector)
    assert parsed is not None
    assert len(parsed.branches) == 1
    return [
        [(part.kind.value, part.name, part.value) for part in compound.parts]
        for compound in parsed.branches[0]
    ]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("button.buy", [[("tag", "button", None), ("class", "buy", None)]]),
        ("#a.b", [[("id", "a", None), ("class", "b", None)]]),
        (r".md\:flex", [[("class", "md:flex", None)]]),
        ("[data-test=foo]", [[("attribute", "data-test", "foo")]]),
        ("a[href^='/x' i]", [[("tag", "a", None), ("attribute", "href", "/x")]]),
        ("input[required]", [[("tag", "input", None), ("attribute", "required", None)]]),
        ("li:nth-child(2n + 1)", [[("tag", "li", None), ("other", "nth-child", None)]]),
        ("a::before", [[("tag", "a", None), ("other", "before", None)]]),
        ('b:has-text("x, (y)")', [[("tag", "b", None), ("text", "has-text", "x, (y)")]]),
        (":text-is('x')", [[("text", "text-is", "x")]]),
        ("text=Add to cart", [[("text", "text", "Add to cart")]]),
        ("text='Add'", [[("text", "text", "Add")]]),
        ('"Add to cart"', [[("text", "text", "Add to cart")]]),
        ("id=foo", [[("id", "foo", None)]]),
        ("data-testid=foo", [[("attribute", "data-testid", "foo")]]),
        ("css=.x >> text=y", [[("class", "x", None)], [("text", "text", "y")]]),
        (".x >> nth=2", [[("class", "x", None)]]),
        (".x >> visible=true", [[("class", "x", None)]]),
        ('role=button[name="Buy" i]', [[("role", "button", None), ("name", "name", "Buy")]]),
        ("role=button[name=/buy/]", [[("role", "button", None)]]),
        ("//a[@id='x']", [[("tag", "a", None), ("attribute", "id", "x")]]),
        ("xpath=//a[text()='x']", [[("tag", "a", None), ("text", "text", "x")]]),
        ("//*[contains(@class, 'x')]", [[("other", "*", None), ("attribute", "class", "x")]]),
        ("//a[normalize-space()='x']", [[("tag", "a", None), ("text", "text", "x")]]),
        ("(//a[contains(., 'x')])[1]", [[("tag", "a", None), ("text", "text", "x")]]),
        ("//div/ul//li", [[("tag", "div", None)], [("tag", "ul", None)], [("tag", "li", None)]]),
        ("//a[not(@class='x')]", [[("tag", "a", None)]]),
        (
            "//a[contains(concat(' ', normalize-space(@class), ' '), ' x ')]",
            [[("tag", "a", None), ("attribute", "class", "x")]],
        ),
    ],
)
def test_parts(selector: str, expected: list[list[Seen]]) -> None:
    assert _parts(selector) == expected


@pytest.mark.parametrize(
    "selector",
    [
        "((",
        "a[",
        "a:has-text(",
        ".",
        "#",
        "a..b",
        "text=/regex/",
        "unknown=x",
        "a" * (MAX_SELECTOR + 1),
        "svg|a",
    ],
)
def test_nothing_to_go_by(selector: str) -> None:
    parsed = parse(selector)

    assert parsed is None or not parsed.terms()


def test_combinators() -> None:
    parsed = parse(".a > .b + .c ~ .d .e >> .f")

    assert parsed is not None
    assert [compound.combinator for compound in parsed.branches[0]] == ["", ">", "+", "~", " ", ">>"]


def test_alternatives_and_what_is_inside() -> None:
    parsed = parse(".a:has(> .b), :is(.c, .d):not(.e)")

    assert parsed is not None
    assert len(parsed.branches) == 2
    inside = [parsed.source[branch[0].start : branch[0].end] for branch in parsed.nested]
    assert inside == [".b", ".c", ".d"]


@pytest.mark.parametrize(
    ("selector", "change", "expected"),
    [
        ("a.b > .c", ("class", "x:y"), r"a.x\:y > .c"),
        ("[name=q]", ("value", "two words"), '[name="two words"]'),
        ("[name='q']", ("value", "it's"), r"[name='it\'s']"),
        ("//a[text()='x']", ("value", "it's"), '//a[text()="it\'s"]'),
        ("text=x", ("value", "y z"), "text=y z"),
        ('role=button[name="x"]', ("value", "y"), 'role=button[name="y"]'),
        ("//a[@id='x']", ("class", "y"), "//a[contains(@class, 'y')]"),
        ("id=x", ("class", "y"), ".y"),
    ],
)
def test_only_the_wrong_part_is_replaced(selector: str, change: tuple[str, str], expected: str) -> None:
    parsed = parse(selector)
    assert parsed is not None
    part = parsed.branches[0][0].parts[-1]
    what, value = change

    edit = revalued(selector, part, value) if what == "value" else replaced(part, Kind.CLASS, value)

    assert applied(selector, (edit,)) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a-b", "a-b"), ("1a", r"\31 a"), ("-1", r"-\31 "), ("w-1/2", r"w-1\/2"), ("é", "é")],
)
def test_names_that_css_would_misread(name: str, expected: str) -> None:
    assert escaped(name) == expected
    assert parse(f".{expected}x") is not None


def test_a_part_knows_its_language() -> None:
    parsed = parse(".a >> //b")

    assert parsed is not None
    parts: list[Part] = [compound.parts[0] for compound in parsed.branches[0]]
    assert [part.syntax for part in parts] == [Syntax.CSS, Syntax.XPATH]
