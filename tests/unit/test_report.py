"""Errors as HTML: reports and cards, without a browser."""

from __future__ import annotations

import asyncio
import copy
import html
import json
import pickle
import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import (
    AgentBusyError,
    AgentOfflineError,
    Artifact,
    BadRequestError,
    BrowserElementNotFoundError,
    CMDOPError,
    ElementCause,
    Evidence,
    FileError,
    InternalError,
    PageSnapshot,
    error_from_dict,
)
from cmdop_browser.exceptions import FileNotFoundError as MissingFileError
from tests.contract.error_samples import ALL_CLASSES, full_sample

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOSTILE = "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{ 7*7 }}{% raw %}"


@dataclass(frozen=True)
class Shelf:
    """Where artifacts of a test are fetched from."""

    contents: Mapping[str, bytes]
    failure: CMDOPError | None = None

    def fetch(self, artifact: Artifact) -> bytes:
        if self.failure is not None:
            raise self.failure
        return self.contents[artifact.id]

    def facts(self) -> Mapping[str, str]:
        return {"browser version": "156.0.1"}


def make_error(shelf: Shelf | None, **options: Any) -> BrowserElementNotFoundError:
    evidence = Evidence(
        call_log=("waiting for locator('#buy')",),
        page=PageSnapshot("https://shop.test/3", title="Blue mug", status=404, ready_state="complete"),
        console=("uncaught: TypeError: x",),
        failed_requests=("GET https://cdn.test/a.js net::ERR_FAILED",),
        screenshot=Artifact("a-1", "image/jpeg", 4),
        html=Artifact("a-2", "text/html", 4),
    )
    error = BrowserElementNotFoundError(
        "click '#buy' failed after 5.0 s: nothing matches",
        cause=ElementCause.NO_MATCH,
        evidence=evidence,
        request_id="0123456789abcdef",
        **options,
    )
    if shelf is not None:
        error.came_from(shelf)
    return error


class Elements(HTMLParser):
    """The elements of a report, and what they refer to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def test_a_report_tells_everything_and_needs_nothing(tmp_path: Path) -> None:
    error = make_error(Shelf({"a-1": b"\xff\xd8jp", "a-2": b"<p>&"}), tips=("look again",))
    error.__cause__ = ValueError("the lower error")
    path = error.save(tmp_path / "new" / "directory")
    text = path.read_text(encoding="utf-8")
    shown = html.unescape(text)
    for part in (
        error.message,
        "NO_MATCH",
        "look again",
        "https://shop.test/3",
        "Blue mug",
        "404",
        "waiting for locator('#buy')",
        "uncaught: TypeError: x",
        "GET https://cdn.test/a.js net::ERR_FAILED",
        "0123456789abcdef",
        "ValueError",
        "the lower error",
        "156.0.1",
        '"code": "BROWSER_ELEMENT_NOT_FOUND"',
        "<p>&",
    ):
        assert part in shown, part
    elements = Elements(text)
    assert "script" not in elements.tags
    assert elements.links == ["https://shop.test/3", "data:image/jpeg;base64,/9hqcA=="]
    assert not elements.handlers
    assert "default-src 'none'" in text
    assert path.stat().st_mode & 0o077 == 0


def test_names_tell_time_code_and_request(tmp_path: Path) -> None:
    path = make_error(None, tips=(HOSTILE,)).save(tmp_path)
    assert re.fullmatch(r"\d{8}-\d{6}-BROWSER_ELEMENT_NOT_FOUND-01234567\.html", path.name)
    hostile = CMDOPError("x", request_id="../../etc/" + HOSTILE)
    assert hostile.save(tmp_path).parent == tmp_path


def test_what_a_page_says_is_text(tmp_path: Path) -> None:
    evidence = Evidence(
        call_log=(HOSTILE,),
        console=(HOSTILE,),
        failed_requests=(HOSTILE,),
        page=PageSnapshot(f"javascript:alert(1)//{HOSTILE}", title=HOSTILE),
        screenshot=Artifact("a-1", 'image/png"><script>'),
        html=Artifact("a-2", "text/html"),
    )
    error = BrowserElementNotFoundError(
        HOSTILE, selector=HOSTILE, tips=(HOSTILE,), evidence=evidence, details={HOSTILE: HOSTILE}
    )
    error.candidates = copy.deepcopy(full_sample(BrowserElementNotFoundError).candidates)  # type: ignore[attr-defined]
    error.came_from(Shelf({"a-1": b"x", "a-2": HOSTILE.encode()}))
    error.add_note(HOSTILE)
    error.__cause__ = ValueError(HOSTILE)
    for text in (error.save(tmp_path).read_text(encoding="utf-8"), error._repr_html_()):
        assert text is not None
        elements = Elements(text)
        assert "script" not in elements.tags
        assert elements.tags.count("img") == 1
        assert not [name for name in elements.handlers if name != "style"]
        assert not [link for link in elements.links if not link.startswith("data:image")]


@pytest.mark.parametrize(
    "failure",
    [AgentOfflineError("the agent has ended"), MissingFileError("the agent does not keep it any more")],
)
def test_a_picture_that_is_gone_is_told_of(failure: CMDOPError, tmp_path: Path) -> None:
    error = make_error(Shelf({}, failure))
    error.evidence = Evidence.parse({**error.evidence.to_dict(), "record": "a-3"})
    error.came_from(Shelf({}, failure))
    text = html.unescape(error.save(tmp_path).read_text(encoding="utf-8"))
    assert f"There is no picture: {failure.message}" in text
    assert "waiting for locator('#buy')" in text
    assert f"not complete here: {failure.message}" in text
    card = error._repr_html_()
    assert card is not None
    assert f"no picture: {failure.message}" in card
    assert error.message in html.unescape(card)
    assert error.evidence.screenshot is not None
    with pytest.raises(type(failure)):
        error.evidence.screenshot.read()


def test_an_error_from_its_dictionary_says_how_to_get_the_picture() -> None:
    error = make_error(None)
    assert error.evidence.screenshot is not None
    with pytest.raises(MissingFileError) as caught:
        error.evidence.screenshot.read()
    assert caught.value.tips


@pytest.mark.parametrize("cls", ALL_CLASSES, ids=lambda cls: cls.__name__)
def test_every_class_has_a_report_and_a_card(cls: type[CMDOPError], tmp_path: Path) -> None:
    for error in (full_sample(cls), cls()):
        text = html.unescape(error.save(tmp_path).read_text(encoding="utf-8"))
        assert cls.__name__ in text
        assert error.message in text
        card = error._repr_html_()
        assert card is not None
        assert error.message in html.unescape(card)


def test_bytes_are_fetched_once_and_travel_with_the_error() -> None:
    contents = {"a-1": b"picture", "a-2": b"html"}
    error = make_error(Shelf(contents))
    error.fetch_evidence()
    contents.clear()
    other: Any
    for other in (error, pickle.loads(pickle.dumps(error)), copy.deepcopy(error), copy.copy(error)):
        assert other.evidence.screenshot.read() == b"picture"
        assert other.evidence.html.read() == b"html"
        assert other.evidence == error.evidence
    assert "picture" not in repr(error.to_dict())


def test_an_artifact_can_be_saved(tmp_path: Path) -> None:
    error = make_error(Shelf({"a-1": b"picture", "a-2": b""}))
    assert error.evidence.screenshot is not None
    assert error.evidence.screenshot.save(tmp_path / "shot.jpg").read_bytes() == b"picture"
    with pytest.raises(FileError):
        error.evidence.screenshot.save(tmp_path / "no" / "shot.jpg")


def test_what_was_cut_on_the_way_comes_back() -> None:
    whole = make_error(None, selector="#" + "x" * 300, tips=("one", "two"))
    whole.evidence = Evidence(call_log=tuple(f"line {n}" for n in range(30)), page=whole.evidence.page)
    record = BrowserElementNotFoundError(whole.message, details={"truncated": True}).to_dict()
    record["fields"]["evidence"] = {"record": {"id": "a-3"}, "screenshot": {"id": "a-1"}}
    error = error_from_dict(record)
    assert isinstance(error, BrowserElementNotFoundError)
    error.came_from(Shelf({"a-3": json.dumps(whole.to_dict()).encode(), "a-1": b"picture"}))
    evidence = error.fetch_evidence()
    assert evidence.call_log == whole.evidence.call_log
    assert (error.selector, error.tips, error.cause) == (whole.selector, whole.tips, whole.cause)
    assert "line 29" in error.error_detail
    assert evidence.screenshot is not None
    assert evidence.screenshot.read() == b"picture"


def test_a_directory_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FileError) as caught:
        CMDOPError("x").save(tmp_path / "file")
    assert "error.save(directory)" in caught.value.tips[0]
    with pytest.raises(BadRequestError):
        CMDOPError("x").save(None)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("path", ["a\0b", 5, None, ""])
def test_what_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(BadRequestError):
        CMDOPError("failed").save(path)
    with pytest.raises(BadRequestError):
        Artifact("a-1").save(path)


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "errors").touch()
    with pytest.raises(FileError, match="it is a file, not a directory"):
        CMDOPError("failed").save(tmp_path / "errors")
    with pytest.raises(FileError, match="name too long"):
        CMDOPError("x").save(tmp_path / ("a" * 300))


async def test_saves_from_async_code(tmp_path: Path) -> None:
    error = make_error(Shelf({"a-1": b"picture", "a-2": b"html"}))
    path = await asyncio.to_thread(error.save, tmp_path)
    assert path.is_file()


def test_a_card_never_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    error = AgentBusyError()
    monkeypatch.setattr(type(error), "user_message", lambda _self: 1 / 0)
    assert error._repr_html_() is None


def test_secrets_are_masked_in_all_fields() -> None:
    error = make_error(None, selector="#a[data-x=S3CR3T]", tips=("use S3CR3T",), details={"a": ["S3CR3T"]})
    error.mask(("S3CR3T", ""))
    assert "S3CR3T" not in f"{error} {error!r} {error.error_detail} {error.to_dict()} {error.args}"
    assert error.selector == "#a[data-x=***]"
    assert error.cause is ElementCause.NO_MATCH
    untouched = InternalError("m")
    untouched.mask(("S3CR3T",))
    assert untouched.message == "m"
