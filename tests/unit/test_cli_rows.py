"""Rows become JSON Lines: complete, readable by anybody, or not there at all."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import stat
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from cmdop_browser.cli.rows import RowFile, as_row, encode_row
from cmdop_browser.exceptions import FileError

if TYPE_CHECKING:
    from pathlib import Path


class Model(BaseModel):
    price: Decimal


@dataclasses.dataclass
class Record:
    title: str


@pytest.mark.parametrize(
    ("value", "row"),
    [
        ({"a": 1}, {"a": 1}),
        (Record("Mug"), {"title": "Mug"}),
        (Model(price=Decimal("1.50")), {"price": Decimal("1.50")}),
    ],
)
def test_rows_are_mappings_dataclasses_and_models(value: Any, row: dict[str, Any]) -> None:
    assert as_row(value) == row


@pytest.mark.parametrize("value", ["text", 3, None, ["a"], Record])
def test_anything_else_is_no_row(value: Any) -> None:
    with pytest.raises(TypeError, match="a row is a dict"):
        as_row(value)


@pytest.mark.parametrize(
    "text",
    ["quotes ' \" \\", "two\nlines", "</script>", "emoji 🦉", "half a pair \ud83e", "\x00\x1f", "\u2028"],
)
def test_any_text_survives_on_one_line(text: str) -> None:
    line = encode_row({"text": text})
    assert line.count(b"\n") == 1
    assert json.loads(line) == {"text": text}


def test_dates_decimals_and_the_like_become_text() -> None:
    line = encode_row({"on": dt.date(2026, 1, 2), "price": Decimal("9.90"), "tags": {"a"}})
    assert json.loads(line) == {"on": "2026-01-02", "price": "9.90", "tags": ["a"]}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_what_json_cannot_say_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_row({"n": number})


def test_an_object_without_a_json_form_is_refused_by_name() -> None:
    with pytest.raises(TypeError, match="a row cannot hold object"):
        encode_row({"n": object()})


def test_the_file_appears_when_all_rows_are_in_it(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with RowFile(path) as file:
        file.write(encode_row({"n": 1}))
        assert not path.exists()
        file.write(encode_row({"n": 2}))
    assert path.read_text() == '{"n": 1}\n{"n": 2}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there_before(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("before\n")
    with pytest.raises(TypeError, match="cannot hold"), RowFile(path) as file:
        file.write(encode_row({"n": object()}))
    assert path.read_text() == "before\n"
    assert list(tmp_path.iterdir()) == [path]


def test_the_mode_of_a_replaced_file_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.touch(0o640)
    path.chmod(0o640)
    with RowFile(path) as file:
        file.write(b"{}\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    link, real = tmp_path / "link", tmp_path / "real"
    link.symlink_to(real)
    with RowFile(link) as file:
        file.write(b"{}\n")
    assert link.is_symlink()
    assert real.read_bytes() == b"{}\n"


def test_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(FileError, match="not a regular file"), RowFile(path):
        pass
    assert path.is_fifo()
    assert list(tmp_path.iterdir()) == [path]
