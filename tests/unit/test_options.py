"""Options of a session, as they are written for the agent."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser._convert.options import session_options
from cmdop_browser.exceptions import BadRequestError, FileError, FileNotFoundError
from cmdop_browser.models import Proxy

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-value"


def test_the_defaults() -> None:
    options = session_options(timeout=30.0)
    assert (options.viewport_width, options.viewport_height) == (1280, 720)
    assert options.javascript
    assert not options.ignore_https_errors
    assert options.idle_timeout_seconds == 300.0
    assert not options.HasField("proxy")
    assert options.storage_state == b""


@pytest.mark.parametrize(
    "proxy",
    [
        f"http://ada:{SECRET}@proxy.test:3128",
        Proxy("http://proxy.test:3128", "ada", SECRET),
        {"server": "http://proxy.test:3128", "username": "ada", "password": SECRET},
    ],
    ids=lambda proxy: type(proxy).__name__,
)
def test_a_proxy_in_every_form(proxy: Any) -> None:
    written = session_options(proxy=proxy, timeout=1.0).proxy
    assert (written.server, written.username, written.password) == ("http://proxy.test:3128", "ada", SECRET)


def test_a_proxy_url_is_unquoted() -> None:
    written = session_options(proxy="socks5://a%40b:p%3Aw@[::1]:1080", timeout=1.0).proxy
    assert (written.server, written.username, written.password) == ("socks5://[::1]:1080", "a@b", "p:w")


def test_what_a_proxy_leaves_out() -> None:
    playwrights = {"server": "http://proxy.test", "bypass": "a.test, .b.test"}
    assert list(session_options(proxy=playwrights, timeout=1.0).proxy.bypass) == ["a.test", ".b.test"]
    ours = Proxy("http://proxy.test", bypass=("a.test",))
    assert list(session_options(proxy=ours, timeout=1.0).proxy.bypass) == ["a.test"]


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": f"http://ada:{SECRET}@"},
        {"proxy": f"http://ada:{SECRET}@proxy.test:99999"},
        {"proxy": f"ftp://ada:{SECRET}@proxy.test"},
        {"proxy": {"server": "http://proxy.test", "pass": SECRET}},
        {"proxy": {"server": "http://proxy.test", "password": f"{SECRET}\0"}},
        {"proxy": [SECRET]},
        {"headers": {"Authorization": f"{SECRET}\n"}},
        {"headers": {"Authorization": SECRET.encode()}},
        {"headers": [("Authorization", SECRET)]},
        {"storage_state": {"cookies": SECRET}},
        {"storage_state": {"cookies": [], "more": {SECRET}}},
        {"storage_state": [SECRET]},
        {"storage_state": f'{{"cookies": [{{"value": "{SECRET}"}}]}}'},
    ],
    ids=lambda options: next(iter(options)),
)
def test_a_refused_option_does_not_show_its_secret(options: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError) as caught:
        session_options(**options, timeout=1.0)
    error = caught.value
    assert SECRET not in str(error) + repr(error) + error.error_detail + json.dumps(error.to_dict())


@pytest.mark.parametrize("state", [{"cookie": []}, {"cookies": [], "origin": []}, {"cookies": None}])
def test_a_storage_state_with_other_parts_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(BadRequestError, match="cookies and origins and nothing else"):
        session_options(storage_state=state, timeout=1.0)


def test_a_storage_state_from_a_file(tmp_path: Path) -> None:
    state = {"cookies": [{"name": "é", "value": "1"}], "origins": []}
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state))
    for given in (path, str(path), state):
        assert json.loads(session_options(storage_state=given, timeout=1.0).storage_state) == state
    path.write_text("{")
    with pytest.raises(BadRequestError):
        session_options(storage_state=path, timeout=1.0)
    with pytest.raises(FileNotFoundError):
        session_options(storage_state=tmp_path / "none", timeout=1.0)


def test_kinds_to_block_are_taken_once() -> None:
    assert list(session_options(block={"image"}, timeout=1.0).block) == ["image"]
    assert list(session_options(block=["font", "ads", "font"], timeout=1.0).block) == ["font", "ads"]


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ({"block": ("imgae",)}, "did you mean 'image'?"),
        ({"on_crash": "Raise"}, "did you mean 'raise'?"),
    ],
)
def test_a_slip_gets_the_value_that_was_meant(options: dict[str, Any], meant: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        session_options(timeout=1.0, **options)
    assert caught.value.tips == (meant,)


def test_a_storage_state_from_what_may_have_no_end_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileError, match="not a regular file"):
        session_options(storage_state=tmp_path / "pipe", timeout=1.0)
