"""Browser automation for scraping, through an agent that survives.

Example:
    from cmdop_browser import CMDOPClient

    with CMDOPClient.local(start=True) as client:
        with client.browser.create_session() as session:
            session.navigate("https://shop.test/")
            print(session.dom.text("h1"))
"""

from __future__ import annotations

from cmdop_browser._version import __version__

TYPE_CHECKING = False  # the module typing takes longer than all that is needed here
if TYPE_CHECKING:
    from typing import Any

    from cmdop_browser._async.client import AsyncCMDOPClient
    from cmdop_browser._async.session import AsyncBrowserSession
    from cmdop_browser._sync.client import CMDOPClient
    from cmdop_browser._sync.session import BrowserSession
    from cmdop_browser.exceptions import (
        AgentBusyError,
        AgentNotRunningError,
        AgentOfflineError,
        AgentStartError,
        BadRequestError,
        BrowserElementNotFoundError,
        BrowserError,
        BrowserNavigationError,
        BrowserScriptError,
        BrowserSessionClosedError,
        BrowserTimeoutError,
        CMDOPError,
        ConnectionLostError,
        ConnectionTimeoutError,
        StalePortFileError,
    )
    from cmdop_browser.helpers import (
        ensure_agent_running,
        ensure_desktop_running,
        get_client_with_recovery,
        quick_fetch,
        with_auto_restart,
        with_session,
    )
    from cmdop_browser.models import (
        AgentInfo,
        Cookie,
        Element,
        Image,
        NavigationResult,
        PageResult,
        Proxy,
        SessionInfo,
        StorageState,
    )

__all__ = [
    "AgentBusyError",
    "AgentInfo",
    "AgentNotRunningError",
    "AgentOfflineError",
    "AgentStartError",
    "AsyncBrowserSession",
    "AsyncCMDOPClient",
    "BadRequestError",
    "BrowserElementNotFoundError",
    "BrowserError",
    "BrowserNavigationError",
    "BrowserScriptError",
    "BrowserSession",
    "BrowserSessionClosedError",
    "BrowserTimeoutError",
    "CMDOPClient",
    "CMDOPError",
    "ConnectionLostError",
    "ConnectionTimeoutError",
    "Cookie",
    "Element",
    "Image",
    "NavigationResult",
    "PageResult",
    "Proxy",
    "SessionInfo",
    "StalePortFileError",
    "StorageState",
    "__version__",
    "ensure_agent_running",
    "ensure_desktop_running",
    "get_client_with_recovery",
    "quick_fetch",
    "with_auto_restart",
    "with_session",
]

# Where each name lives; it is imported when it is first asked for, since a program that
# only catches errors needs no grpc, and one that only fetches pages needs no parser.
_HOMES = {
    "_async.client": ("AsyncCMDOPClient",),
    "_async.session": ("AsyncBrowserSession",),
    "_sync.client": ("CMDOPClient",),
    "_sync.session": ("BrowserSession",),
    "helpers": (
        "ensure_agent_running",
        "ensure_desktop_running",
        "get_client_with_recovery",
        "quick_fetch",
        "with_auto_restart",
        "with_session",
    ),
    "models": (
        "AgentInfo",
        "Cookie",
        "Element",
        "Image",
        "NavigationResult",
        "PageResult",
        "Proxy",
        "SessionInfo",
        "StorageState",
    ),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


if not TYPE_CHECKING:  # a checker shall find names that do not exist

    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib  # noqa: PLC0415 -- see above

        module = importlib.import_module(f"{__name__}.{_HOME_OF.get(name, 'exceptions')}")
        value = globals()[name] = getattr(module, name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
