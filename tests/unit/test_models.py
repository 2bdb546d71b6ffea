from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest

from cmdop_browser.exceptions import BrowserNavigationError, NavigationCause
from cmdop_browser.models import (
    Cookie,
    Element,
    Headers,
    Image,
    NavigationResult,
    PageResult,
    Proxy,
    StorageState,
)

SECRET = "s3cret-value"
RESULT = NavigationResult(
    url=f"http://ada:{SECRET}@a.test/?q=<b>",
    requested_url="http://a.test/",
    status=404,
    title="<script>alert(1)</script>",
    headers=Headers([("Set-Cookie", f"a={SECRET}"), ("set-cookie", "b=2"), ("Content-Type", "text/html")]),
    redirects=(f"http://ada:{SECRET}@a.test/0",),
    elapsed=0.5,
)
MODELS = [
    RESULT,
    PageResult(url="http://a.test/", requested_url="http://a.test/", status=200, html="<p>x</p>"),
    Element("a", "x", "<a href='/'>x</a>", {"href": "/"}),
    Cookie("a", SECRET, domain="a.test"),
    Proxy("http://a.test:1", "ada", SECRET),
    StorageState({"cookies": [{"name": "a", "value": SECRET}], "origins": []}),
    Image(b"\x89PNG" + SECRET.encode()),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_nothing_secret_is_shown(model: object) -> None:
    shown = [repr(model), str(model), repr([model])]
    if hasattr(model, "_repr_html_"):
        shown.append(model._repr_html_())
    assert SECRET not in "".join(shown)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
def test_models_are_copied_and_pickled(model: object) -> None:
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert other == model
        assert type(other) is type(model)


@pytest.mark.parametrize("model", [model for model in MODELS if dataclasses.is_dataclass(model)], ids=repr)
def test_models_cannot_be_changed(model: object) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(model, dataclasses.fields(model)[0].name, "x")  # type: ignore[arg-type]
    hash(model)


def test_the_markup_of_a_page_is_shown_as_text() -> None:
    assert "<script>" not in RESULT._repr_html_()
    assert "&lt;script&gt;" in RESULT._repr_html_()
    assert "<a " not in MODELS[2]._repr_html_()  # type: ignore[attr-defined]


def test_headers_ignore_case_and_keep_repetitions() -> None:
    headers = RESULT.headers
    assert headers["content-TYPE"] == "text/html"
    assert headers.get_all("Set-Cookie") == (f"a={SECRET}", "b=2")
    assert headers["set-cookie"] == f"a={SECRET}, b=2"
    assert "CONTENT-TYPE" in headers
    assert headers.get("none") is None
    assert list(headers) == ["set-cookie", "content-type"]


@pytest.mark.parametrize(
    ("status", "ok"), [(0, True), (200, True), (304, True), (399, True), (400, False), (599, False)]
)
def test_an_error_status_is_not_ok(status: int, ok: bool) -> None:
    result = dataclasses.replace(RESULT, status=status)
    assert result.ok is ok
    if ok:
        assert result.raise_for_status() is result
    else:
        with pytest.raises(BrowserNavigationError) as caught:
            result.raise_for_status()
        assert caught.value.cause is None
        assert caught.value.details["status"] == status
        assert SECRET not in str(caught.value) + repr(caught.value) + str(caught.value.to_dict())


@pytest.mark.parametrize(
    ("status", "said", "cause", "retryable"),
    [
        (401, "401 Unauthorized", NavigationCause.AUTH_REQUIRED, False),
        (404, "404 Not Found", None, False),
        (429, "429 Too Many Requests", None, True),
        (503, "503 Service Unavailable", None, True),
        (599, "status 599", None, False),
    ],
)
def test_an_error_status_is_said_in_words(
    status: int, said: str, cause: NavigationCause | None, retryable: bool
) -> None:
    with pytest.raises(BrowserNavigationError, match=f"answered {said}") as caught:
        dataclasses.replace(RESULT, status=status).raise_for_status()
    assert (caught.value.cause, caught.value.retryable) == (cause, retryable)


def test_an_element_is_asked_for_its_attributes() -> None:
    element = Element("a", "x", "<a>", {"href": "/"})
    assert element["href"] == "/"
    assert element.get("id", "none") == "none"
    with pytest.raises(KeyError):
        element["id"]


def test_an_image_shows_itself_in_its_own_format() -> None:
    png, jpeg = Image(b"1"), Image(b"2", "jpeg")
    assert (png._repr_png_(), png._repr_jpeg_()) == (b"1", None)
    assert (jpeg._repr_png_(), jpeg._repr_jpeg_()) == (None, b"2")
    assert pickle.loads(pickle.dumps(jpeg)).format == "jpeg"
