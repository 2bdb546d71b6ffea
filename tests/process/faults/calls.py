"""The public calls of a session, each with arguments that reach the agent."""

from __future__ import annotations

import inspect
from typing import Any, Final

from cmdop_browser._async.browser import AsyncBrowser
from cmdop_browser._async.client import AsyncCMDOPClient
from cmdop_browser._async.dom import AsyncDom
from cmdop_browser._async.session import AsyncBrowserSession

_HERE: Final = __file__

# A method that has no row here fails the test of the table.
ARGUMENTS: Final[dict[str, tuple[Any, ...]]] = {
    "url": (),
    "title": (),
    "info": (),
    "close": (),
    "navigate": ("{site}/plain.html",),
    "back": (),
    "forward": (),
    "reload": (),
    "evaluate": ("1 + 1",),
    "screenshot": (),
    "pdf": (),
    "click": ("#button",),
    "fill": ("#text", "new"),
    "type": ("#text", "new"),
    "press": ("Enter",),
    "hover": ("#button",),
    "check": ("#check",),
    "uncheck": ("#check",),
    "select_option": ("#select",),
    "upload": ("#file", _HERE),
    "wait_for": ("#text",),
    "wait_for_url": ("**/elsewhere",),
    "wait_for_function": ("window.never",),
    "wait_for_idle": (),
    "cookies": (),
    "set_cookies": ([{"name": "a", "value": "b", "url": "{site}/"}],),
    "clear_cookies": (),
    "storage_state": (),
    "dom.html": (),
    "dom.text": (),
    "dom.soup": (),
    "dom.select": ("p",),
    "dom.attrs": ("p", "id"),
    "dom.count": ("p",),
    "dom.links": (),
    "dom.table": ("table",),
}
_OPTIONS: Final[dict[str, dict[str, Any]]] = {"select_option": {"value": "a"}}

CLIENT_ARGUMENTS: Final[dict[str, tuple[Any, ...]]] = {
    "local": (),
    "ping": (),
    "create_session": (),
    "get_session": ("nobody",),
    "list_sessions": (),
    "fetch": ("{site}/plain.html",),
    "reconnect": (),  # the last: when it fails, the client has no connection any more
}

# What the elements above are on.
FORM: Final = """() => {
  document.body.innerHTML = `
    <button id="button">Button</button> <input id="text"> <input id="check" type="checkbox">
    <select id="select"><option>b</option><option>a</option></select>
    <input id="file" type="file"> <p id="p">text</p>
    <table><tr><th>a</th></tr><tr><td>1</td></tr></table>`;
}"""

# A soup is parsed from the HTML that this call brings.
_MADE_AS: Final = {"dom.soup": "dom.html"}

UNTIMED: Final = frozenset({"close"})  # takes no timeout


def public_calls() -> set[str]:
    """The calls that the classes have, those of ``dom`` with that prefix."""
    return _functions_of(AsyncBrowserSession) | {f"dom.{name}" for name in _functions_of(AsyncDom)}


def public_client_calls() -> set[str]:
    """The calls of a client that need no session; what it does to end is no call."""
    return (_functions_of(AsyncCMDOPClient) | _functions_of(AsyncBrowser)) - {"close"}


def client_arguments(name: str, site: str) -> tuple[Any, ...]:
    """What a call of the client is made with."""
    return tuple(_placed(value, site) for value in CLIENT_ARGUMENTS[name])


def arguments(name: str, site: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What call *name* is made with."""
    return tuple(_placed(value, site) for value in ARGUMENTS[name]), dict(_OPTIONS.get(name, {}))


def action(name: str) -> str:
    """What errors say that was done by call *name*."""
    return _MADE_AS.get(name, name)


def _functions_of(cls: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(cls, inspect.isroutine) if not name.startswith("_")}


def _placed(value: Any, site: str) -> Any:
    if isinstance(value, str):
        return value.replace("{site}", site)
    if isinstance(value, list):
        return [{key: _placed(item, site) for key, item in each.items()} for each in value]
    return value
