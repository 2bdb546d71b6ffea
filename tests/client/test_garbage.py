"""Whatever a call is given, it returns or raises an error of ours, and the client goes on."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import re
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser import CMDOPClient, helpers
from cmdop_browser import retry as retrying
from cmdop_browser._async.browser import AsyncBrowser
from cmdop_browser._async.client import AsyncCMDOPClient
from cmdop_browser._async.dom import AsyncDom
from cmdop_browser._async.session import AsyncBrowserSession
from cmdop_browser.exceptions import CMDOPError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class _Unshowable:
    def __repr__(self) -> str:
        raise RuntimeError("not even shown")


class _Lying(dict[str, Any]):
    def keys(self) -> Any:
        return ["not there"]


GARBAGE: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**400,
    1.5,
    float("nan"),
    float("-inf"),
    "",
    " ",
    "\0",
    "\ud800",
    "x" * 100_000,
    "</script>'\"`\\${}\r\n😀",
    b"bytes",
    bytearray(b"\xff"),
    [],
    [None],
    ["a", 1],
    (1, 2),
    (None, None),
    ("nan", float("nan")),
    {},
    {"x": 1},
    {"x": float("nan"), "y": []},
    {1: 2},
    {"a\n": "b"},
    {"server": None},
    {"name": "a", "url": 5},
    [{"name": None, "value": 1}],
    [{"name": "a", "value": "b", "domain": "c", "expires": "soon"}],
    [{1: 2, "b": 3}],
    {"cookies": [object()]},
    set(),
    iter([1]),
    object(),
    type,
    len,
    _Unshowable(),
    [_Unshowable()],
    _Lying(a=1),
    re.compile(b"x"),
    re.compile("(?x) a b"),
)

# What a call needs to get as far as the parameter under test.
VALID: dict[str, Any] = {
    "selector": "#a",
    "css": "#a",
    "url": "http://a.test/",
    "value": "x",
    "text": "x",
    "key": "Enter",
    "files": [],
    "pattern": "**",
    "js": "1",
    "cookies": [],
    "name": "href",
    "id_or_name": "s",
}


def _calls(cls: type, skipped: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    found = []
    for name, function in inspect.getmembers(cls, inspect.isfunction):
        if not name.startswith("_") and name not in skipped:
            parameters = [
                name for name in inspect.signature(function).parameters if name not in {"self", "options"}
            ]
            found += [(name, parameter) for parameter in parameters]
    return found


def _options() -> list[tuple[str, str]]:
    return [
        ("fetch", option)
        for option in inspect.signature(AsyncBrowser.create_session).parameters
        if option != "self"
    ]


async def _async_use(session: Any) -> str:
    return str(session.id)


# Functions beside the client, with what they need; a decorator is tried by decorating.
FUNCTIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "async_ensure_agent_running": (helpers.async_ensure_agent_running, {}),
    "async_get_client_with_recovery": (helpers.async_get_client_with_recovery, {}),
    "async_quick_fetch": (helpers.async_quick_fetch, {"url": "http://a.test/"}),
    "async_with_session": (helpers.async_with_session, {"fn": _async_use}),
    "ensure_agent_running": (helpers.ensure_agent_running, {}),
    "ensure_desktop_running": (helpers.ensure_desktop_running, {}),
    "get_client_with_recovery": (helpers.get_client_with_recovery, {}),
    "quick_fetch": (helpers.quick_fetch, {"url": "http://a.test/"}),
    "with_session": (helpers.with_session, {"fn": lambda session: session.id}),
    "with_auto_restart": (helpers.with_auto_restart, {}),
    "retry": (retrying.retry, {}),
    "exponential": (retrying.exponential, {}),
    "linear": (retrying.linear, {}),
}
NO_FUNCTIONS = {"NEVER", "Cause", "Policy"}


def _parameters(function: Callable[..., Any]) -> list[str]:
    parameters = inspect.signature(function).parameters.values()
    return [spec.name for spec in parameters if spec.kind is not inspect.Parameter.VAR_KEYWORD]


CALLS = {
    "client": _calls(AsyncCMDOPClient, frozenset({"close"})),
    "browser": _calls(AsyncBrowser) + _options(),
    "session": _calls(AsyncBrowserSession, frozenset({"close"})),
    "dom": _calls(AsyncDom),
}


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some garbage is the name of a file that can be written."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("owner", "name", "parameter"),
    [
        pytest.param(owner, *call, id=f"{owner}.{'.'.join(call)}")
        for owner, calls in CALLS.items()
        for call in calls
    ],
)
@pytest.mark.usefixtures("elsewhere")
async def test_garbage(client: Any, owner: str, name: str, parameter: str) -> None:
    session = await client.browser.create_session()
    target = {"client": client, "browser": client.browser, "session": session, "dom": session.dom}[owner]
    needed = {
        needed: VALID[needed]
        for needed, spec in inspect.signature(getattr(_class_of(owner), name)).parameters.items()
        if spec.default is inspect.Parameter.empty and needed in VALID
    }
    for value in GARBAGE:
        try:
            await getattr(target, name)(**{**needed, parameter: value})
        except CMDOPError as error:
            shown = (str(error), repr(error), error.to_dict())
            assert all(shown)
        assert not session.is_closed
    assert await client.ping() < 10


def test_no_function_is_forgotten() -> None:
    assert {*helpers.__all__, *retrying.__all__} == {*FUNCTIONS, *NO_FUNCTIONS}


@pytest.mark.parametrize(
    ("name", "parameter"),
    [(name, parameter) for name, (function, _) in FUNCTIONS.items() for parameter in _parameters(function)],
)
@pytest.mark.usefixtures("elsewhere", "fake_agent")
async def test_garbage_for_functions(name: str, parameter: str) -> None:
    function, needed = FUNCTIONS[name]
    spec = inspect.signature(function).parameters[parameter]
    for value in GARBAGE:
        if parameter == "fn" and callable(value):
            continue  # what the caller's own function raises is the caller's
        with contextlib.suppress(CMDOPError):
            if spec.kind is inspect.Parameter.POSITIONAL_ONLY:
                made = function(value)
            else:
                made = await asyncio.to_thread(function, **{**needed, parameter: value})
            if inspect.isawaitable(made):
                made = await made
            if isinstance(made, AsyncCMDOPClient):
                await made.close()
            elif isinstance(made, CMDOPClient):
                made.close()


def _class_of(owner: str) -> type:
    return {
        "client": AsyncCMDOPClient,
        "browser": AsyncBrowser,
        "session": AsyncBrowserSession,
        "dom": AsyncDom,
    }[owner]
