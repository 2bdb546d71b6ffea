"""Who may talk to the agent, and in which language."""

from __future__ import annotations

import builtins
import errno
from datetime import datetime
from typing import Any

from cmdop_browser.exceptions.base import CMDOPError, error, parsed


def moment(value: Any) -> datetime | None:
    """Parse a point in time: a datetime, or its ISO form."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@error("AUTHENTICATION_FAILED", http_status=401, summary="The agent did not accept the credentials.")
class AuthenticationError(CMDOPError):
    """The agent does not know, or does not trust, this client."""


@error("INVALID_API_KEY", http_status=401, summary="The API key was not accepted.")
class InvalidAPIKeyError(AuthenticationError):
    """The key is malformed or unknown.

    Attributes:
        key_hint: Enough of the key to tell which one it was, never the key.
    """

    key_hint: str | None = None

    def _compose(self) -> str:
        return "the API key was not accepted" + (f" ({self.key_hint})" if self.key_hint else "")


@error("PERMISSION_DENIED", http_status=403, summary="This user may not use the browser agent.")
class PermissionDeniedError(AuthenticationError, builtins.PermissionError):
    """The agent belongs to another user, or the key lacks a scope.

    Attributes:
        agent_uid: The user that runs the agent.
        caller_uid: The user that called.
        scope: The right that is missing.
    """

    agent_uid: int | None = None
    caller_uid: int | None = None
    scope: str | None = None

    def _compose(self) -> str:
        if self.agent_uid is not None and self.caller_uid is not None:
            return f"the agent belongs to uid {self.agent_uid}, the caller is uid {self.caller_uid}"
        return f"scope {self.scope!r} is missing" if self.scope else "permission denied"

    def _complete(self) -> None:
        self.errno = errno.EACCES

    def _default_tips(self) -> tuple[str, ...]:
        if self.agent_uid is None or self.agent_uid == self.caller_uid:
            return ()
        return ("start an agent of your own: each user has a runtime directory of their own",)


@error("TOKEN_EXPIRED", http_status=401, summary="The access token has expired.")
class TokenExpiredError(AuthenticationError):
    """The token was good once.

    Attributes:
        expired_at: Until when.
    """

    expired_at: datetime | None = parsed(moment, default=None)

    def _compose(self) -> str:
        return "the token expired" + (f" at {self.expired_at.isoformat()}" if self.expired_at else "")

    def _default_tips(self) -> tuple[str, ...]:
        return ("client.refresh_token() gets a new one",)


@error("METHOD_NOT_FOUND", http_status=404, summary="The agent does not know this call.")
class MethodNotFoundError(CMDOPError):
    """Client and agent are too far apart in version.

    Attributes:
        method: The call that the agent does not know.
        client_version: Version of this package.
        agent_version: Version of the agent's.
    """

    method: str | None = None
    client_version: str | None = None
    agent_version: str | None = None

    def _compose(self) -> str:
        return f"the agent does not know {self.method}" if self.method else super()._compose()

    def _default_tips(self) -> tuple[str, ...]:
        if self.client_version and self.agent_version:
            versions = f"client {self.client_version}, agent {self.agent_version}"
            return (f"{versions}: restart the agent after an upgrade",)
        return ("restart the agent after an upgrade: cmdop-browser agents stop",)
