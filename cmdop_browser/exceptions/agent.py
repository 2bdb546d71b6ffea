"""The agent itself: its life, its capacity, and what it needs on the machine."""

from __future__ import annotations

import builtins
import errno
from typing import TYPE_CHECKING

from cmdop_browser.exceptions.access import moment
from cmdop_browser.exceptions.base import CMDOPError, error, parsed, texts, wait
from cmdop_browser.exceptions.text import quote, seconds

if TYPE_CHECKING:
    from datetime import datetime


@error("AGENT_ERROR", http_status=500, summary="The browser agent reported a problem.")
class AgentError(CMDOPError):
    """The agent was reached, or its process dealt with, and something is wrong with it."""


@error("AGENT_OFFLINE", http_status=503, retryable=True, summary="The browser agent is offline.")
class AgentOfflineError(AgentError):
    """An agent that should be there does not answer.

    Attributes:
        last_seen: When it last gave a sign of life.
    """

    last_seen: datetime | None = parsed(moment, default=None)

    def _compose(self) -> str:
        seen = f" since {self.last_seen.isoformat(timespec='seconds')}" if self.last_seen else ""
        return f"the agent does not answer{seen}"

    def _default_tips(self) -> tuple[str, ...]:
        return ("see what is wrong: cmdop-browser doctor", "or decorate the job with @with_auto_restart")


@error("AGENT_BUSY", http_status=503, retryable=True, summary="All browser sessions are in use.")
class AgentBusyError(AgentError):
    """Every slot is taken and the wait in the queue was over.

    Attributes:
        limit: How many sessions the agent may have.
        active: How many it has.
        queued: How many callers wait.
        retry_after_seconds: When to come back, as far as the agent can tell.
    """

    limit: int | None = None
    active: int | None = None
    queued: int | None = None
    retry_after_seconds: float | None = parsed(wait, default=None)

    def _compose(self) -> str:
        if self.limit is None:
            return "all sessions are in use"
        return f"all {self.limit} sessions are in use, {self.queued or 0} callers wait"

    def _default_tips(self) -> tuple[str, ...]:
        wait = f"again in {seconds(self.retry_after_seconds)}, or " if self.retry_after_seconds else ""
        return (
            f"try {wait}wait longer: queue_timeout=…",
            "close sessions that are done: use `with client.browser.create_session() as session`",
        )


@error("AGENT_START_FAILED", http_status=500, summary="The browser agent could not be started.")
class AgentStartError(AgentError):
    """The agent's process did not become ready.

    Attributes:
        agent: The agent's name.
        reason: What went wrong.
        exit_code: Of the process, None when it did not end.
        stderr_tail: The last lines that it wrote.
    """

    agent: str | None = None
    reason: str | None = None
    exit_code: int | None = None
    stderr_tail: str | None = None

    def _compose(self) -> str:
        why = self.reason or (f"exit code {self.exit_code}" if self.exit_code is not None else None)
        return f"agent {quote(self.agent or 'default')} could not be started" + (f": {why}" if why else "")

    def _default_tips(self) -> tuple[str, ...]:
        return ("find out what is missing: cmdop-browser doctor",)


@error("AGENT_EXISTS", http_status=409, summary="A browser agent of that name is running already.")
class AgentExistsError(AgentError):
    """Another agent holds that name.

    Attributes:
        agent: The agent's name.
        backend: Where it lives: a process, tmux, a container.
        reason: How that was seen.
    """

    agent: str | None = None
    backend: str | None = None
    reason: str | None = None

    def _compose(self) -> str:
        return _sentence("already runs", self.agent, self.backend, self.reason)

    def _default_tips(self) -> tuple[str, ...]:
        return ("use the one that runs, or give another name: --agent NAME",)


@error("AGENT_ATTACH_FAILED", http_status=500, summary="The browser agent could not be attached to.")
class AgentAttachError(AgentError):
    """The terminal of a running agent could not be joined.

    Attributes:
        agent: The agent's name.
        backend: Where it lives.
        reason: What went wrong.
    """

    agent: str | None = None
    backend: str | None = None
    reason: str | None = None

    def _compose(self) -> str:
        return _sentence("could not be attached to", self.agent, self.backend, self.reason)


@error("AGENT_STOP_FAILED", http_status=500, summary="The browser agent could not be stopped.")
class AgentStopError(AgentError):
    """The agent went on after it was told to stop.

    Attributes:
        agent: The agent's name.
        backend: Where it lives.
        reason: What went wrong.
    """

    agent: str | None = None
    backend: str | None = None
    reason: str | None = None

    def _compose(self) -> str:
        return _sentence("could not be stopped", self.agent, self.backend, self.reason)


@error("AGENT_AMBIGUOUS", http_status=409, summary="Several browser agents have that name.")
class AgentAmbiguousError(AgentError):
    """Agents of the same name live in several backends.

    Attributes:
        agent: The agent's name.
        backends: Where one was found.
    """

    agent: str | None = None
    backends: tuple[str, ...] = parsed(texts, default=())

    def _compose(self) -> str:
        where = f" in {', '.join(self.backends)}" if self.backends else ""
        return f"agent {quote(self.agent or 'default')} exists more than once{where}"

    def _default_tips(self) -> tuple[str, ...]:
        return (f"say which one: --backend {self.backends[0]}",) if self.backends else ()


@error("INTERNAL_ERROR", http_status=500, summary="The browser agent ran into an internal error.")
class InternalError(AgentError):
    """A bug in the agent; its log has the rest.

    Attributes:
        incident_id: What to look for in the log.
    """

    _may_have_run = True

    incident_id: str | None = None

    def _compose(self) -> str:
        return "internal error of the agent" + (f" (incident {self.incident_id})" if self.incident_id else "")

    def _default_tips(self) -> tuple[str, ...]:
        return (f"the agent's log has the traceback under {self.incident_id}",) if self.incident_id else ()


@error("FEATURE_NOT_AVAILABLE", http_status=400, summary="This feature is not available in this mode.")
class FeatureNotAvailableError(AgentError):
    """The mode in which this client reached the agent lacks a feature.

    Attributes:
        feature: What was asked for.
        mode: ``local``, ``remote`` or ``fleet``.
    """

    feature: str | None = None
    mode: str | None = None

    def _compose(self) -> str:
        return f"{self.feature or 'this feature'} is not available in {self.mode or 'this'} mode"


@error("BACKEND_NOT_FOUND", http_status=500, summary="A program that the agent needs is not installed.")
class BackendNotFoundError(CMDOPError, builtins.FileNotFoundError):
    """A program that is needed is not on this machine.

    Attributes:
        backend: The program.
        install_hint: How to get it.
    """

    backend: str | None = None
    install_hint: str | None = None

    def _compose(self) -> str:
        return f"{self.backend} is not installed" if self.backend else super()._compose()

    def _complete(self) -> None:
        self.errno = errno.ENOENT

    def _default_tips(self) -> tuple[str, ...]:
        return (self.install_hint,) if self.install_hint else ()


@error("TMUX_NOT_FOUND", http_status=500, summary="tmux is not installed.")
class TmuxNotFoundError(BackendNotFoundError):
    """There is no tmux."""


@error("CONTAINER_RUNTIME_NOT_FOUND", http_status=500, summary="No container runtime is installed.")
class ContainerRuntimeNotFoundError(BackendNotFoundError):
    """There is neither docker nor podman."""


@error("BROWSER_NOT_INSTALLED", http_status=500, summary="No browser is installed.")
class BrowserNotInstalledError(BackendNotFoundError):
    """There is no Chromium that the agent could start."""

    def _default_tips(self) -> tuple[str, ...]:
        return (self.install_hint or "install one: cmdop-browser install",)


def _sentence(what: str, agent: str | None, backend: str | None, reason: str | None) -> str:
    where = f" in {backend}" if backend else ""
    why = f": {reason}" if reason else ""
    return f"agent {quote(agent or 'default')}{where} {what}{why}"
