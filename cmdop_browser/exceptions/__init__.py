"""Every error that a public call raises, in one tree under :class:`CMDOPError`.

Names that shadow a builtin (``ConnectionError``, ``FileNotFoundError``) also inherit
from it, so that ``except TimeoutError`` and the like work as expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cmdop_browser.exceptions.access import (
    AuthenticationError,
    InvalidAPIKeyError,
    MethodNotFoundError,
    PermissionDeniedError,
    TokenExpiredError,
)
from cmdop_browser.exceptions.agent import (
    AgentAmbiguousError,
    AgentAttachError,
    AgentBusyError,
    AgentError,
    AgentExistsError,
    AgentOfflineError,
    AgentStartError,
    AgentStopError,
    BackendNotFoundError,
    BrowserNotInstalledError,
    ContainerRuntimeNotFoundError,
    FeatureNotAvailableError,
    InternalError,
    TmuxNotFoundError,
)
from cmdop_browser.exceptions.artifacts import Artifact
from cmdop_browser.exceptions.base import ERROR_CLASSES, CMDOPError, error_from_dict
from cmdop_browser.exceptions.browser import (
    BrowserElementNotFoundError,
    BrowserError,
    BrowserNavigationError,
    BrowserScriptError,
    BrowserSessionClosedError,
    BrowserTimeoutError,
)
from cmdop_browser.exceptions.causes import CloseReason, ElementCause, NavigationCause, Outcome
from cmdop_browser.exceptions.connection import (
    AgentNotRunningError,
    ConnectionError,
    ConnectionLostError,
    ConnectionTimeoutError,
    StalePortFileError,
)
from cmdop_browser.exceptions.evidence import Candidate, Evidence, PageSnapshot
from cmdop_browser.exceptions.files import (
    FileError,
    FileNotFoundError,
    FilePermissionError,
    FileTooLargeError,
)
from cmdop_browser.exceptions.requests import (
    BadRequestError,
    ConfigurationError,
    ConflictError,
    ExecutionError,
    IdempotencyMismatchError,
    RateLimitError,
)
from cmdop_browser.exceptions.session import (
    SessionClosedError,
    SessionError,
    SessionExistsError,
    SessionInterruptedError,
    SessionNotFoundError,
)

if TYPE_CHECKING:
    from cmdop_browser.wire.errors import from_rpc_error

__all__ = [
    "ERROR_CLASSES",
    "AgentAmbiguousError",
    "AgentAttachError",
    "AgentBusyError",
    "AgentError",
    "AgentExistsError",
    "AgentNotRunningError",
    "AgentOfflineError",
    "AgentStartError",
    "AgentStopError",
    "Artifact",
    "AuthenticationError",
    "BackendNotFoundError",
    "BadRequestError",
    "BrowserElementNotFoundError",
    "BrowserError",
    "BrowserNavigationError",
    "BrowserNotInstalledError",
    "BrowserScriptError",
    "BrowserSessionClosedError",
    "BrowserTimeoutError",
    "CMDOPError",
    "Candidate",
    "CloseReason",
    "ConfigurationError",
    "ConflictError",
    "ConnectionError",
    "ConnectionLostError",
    "ConnectionTimeoutError",
    "ContainerRuntimeNotFoundError",
    "ElementCause",
    "Evidence",
    "ExecutionError",
    "FeatureNotAvailableError",
    "FileError",
    "FileNotFoundError",
    "FilePermissionError",
    "FileTooLargeError",
    "IdempotencyMismatchError",
    "InternalError",
    "InvalidAPIKeyError",
    "MethodNotFoundError",
    "NavigationCause",
    "Outcome",
    "PageSnapshot",
    "PermissionDeniedError",
    "RateLimitError",
    "SessionClosedError",
    "SessionError",
    "SessionExistsError",
    "SessionInterruptedError",
    "SessionNotFoundError",
    "StalePortFileError",
    "TmuxNotFoundError",
    "TokenExpiredError",
    "error_from_dict",
    "from_rpc_error",
]


def __getattr__(name: str) -> Any:
    # The status map needs grpc, which is far heavier than the tree.
    if name == "from_rpc_error":
        from cmdop_browser.wire.errors import from_rpc_error  # noqa: PLC0415

        return from_rpc_error
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
