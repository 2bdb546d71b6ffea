from __future__ import annotations

import datetime as dt
import json
import math
import re
from typing import Any
from urllib.parse import urlparse, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmdop_browser.wire.values import MAX_DEPTH, dumps, loads

_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=20)
_SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT | st.binary(max_size=20)
)
_MOMENTS = st.datetimes(timezones=st.none() | st.just(dt.UTC))
_VALUES = st.recursive(
    _SCALARS | _MOMENTS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(_TEXT | st.sampled_from(["$cmdop", "iso", "items"]), inner, max_size=4)
    ),
)


@given(_VALUES)
def test_what_goes_in_comes_out(value: Any) -> None:
    written = dumps(value)
    assert written.isascii()
    assert loads(written) == value


def test_numbers_that_json_lacks() -> None:
    assert math.isnan(loads(dumps(math.nan)))
    assert loads(dumps([math.inf, -math.inf])) == [math.inf, -math.inf]
    assert math.copysign(1, loads(dumps(-0.0))) == -1
    assert loads(dumps(10**40)) == 10**40
    assert loads(dumps(True)) is True


def test_kinds_that_json_lacks() -> None:
    pattern = re.compile("a.b", re.IGNORECASE | re.DOTALL)
    assert loads(dumps(pattern)) == pattern
    assert loads(dumps(urlparse("http://a.test/x;y?z#f"))) == urlparse("http://a.test/x;y?z#f")
    assert loads(dumps(urlsplit("http://a.test/?z"))).geturl() == "http://a.test/?z"
    assert loads(dumps(bytearray(b"\0\xff"))) == b"\0\xff"


def test_tuples_become_lists() -> None:
    assert loads(dumps((1, (2,)))) == [1, [2]]


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, object()]}, "$.a[1] is of type object"),
        ({1: 2}, "the key 1 of type int"),
        ({1, 2}, "$ is of type set"),
        (re.compile(b"x"), "$ is of type Pattern"),
    ],
)
def test_what_cannot_travel_is_named(value: object, path: str) -> None:
    with pytest.raises(TypeError, match=re.escape(path)):
        dumps(value)


def test_a_value_that_contains_itself() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(TypeError, match="contains itself"):
        dumps(value)


def test_depth_has_a_limit_that_can_be_reached() -> None:
    deep: list[Any] = []
    for _ in range(MAX_DEPTH):
        deep = [deep]
    assert loads(dumps(deep)) == deep
    with pytest.raises(TypeError, match="nested"):
        dumps([deep])


@pytest.mark.parametrize("number", [True, -(2**53), 2**53, 2**60, -(2**70)])
def test_integers_that_javascript_holds_go_to_a_page(number: int) -> None:
    assert loads(dumps([number], for_page=True)) == [number]


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**70 + 1, 10**400])
def test_integers_that_javascript_would_round_do_not(number: int) -> None:
    with pytest.raises(TypeError, match=r"\$\.ids\[0\] is .*, which JavaScript's numbers do not hold"):
        dumps({"ids": [number]}, for_page=True)
    assert loads(dumps(number)) == number  # a BigInt of the page's


def test_nothing_is_none() -> None:
    assert loads(b"") is None


@pytest.mark.parametrize(
    "written", [b"{", b'{"$cmdop": "new kind"}', b'{"$cmdop": "date", "iso": 5}', b"\xff"]
)
def test_what_cannot_be_read(written: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 -- json's own errors among them
        loads(written)


def test_it_is_json_that_others_can_read() -> None:
    assert json.loads(dumps({"a": [1, "é"]})) == {"a": [1, "é"]}
