"""The instance of an agent that an error came from: what it keeps of it, and what it is."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import grpc

from cmdop_browser import _methods as methods
from cmdop_browser._acompat import open_channel
from cmdop_browser._identity import CallHeader
from cmdop_browser._version import __version__
from cmdop_browser.discovery import heartbeat_age
from cmdop_browser.exceptions import (
    AgentOfflineError,
    CMDOPError,
    ConnectionTimeoutError,
    InternalError,
)
from cmdop_browser.models import Image
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.errors import from_rpc_error
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord, shortages, why_stale
from cmdop_browser.wire.v1 import agent_pb2, transfers_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cmdop_browser.exceptions import Artifact
    from cmdop_browser.models import AgentInfo, ImageFormat

# A megabyte takes some milliseconds; a notebook that waits longer for a picture is stuck.
_FETCH_SECONDS: Final = 3.0
# A running agent renews its record every second.
_SILENT_SECONDS: Final = 10.0
_HELLO_SECONDS: Final = 1.0
_FORMATS: Final[dict[str, ImageFormat]] = {"image/png": "png", "image/jpeg": "jpeg"}


_NOUNS: Final = {"image/jpeg": "screenshot", "text/html": "HTML", "application/json": "full record"}


@dataclass(frozen=True, slots=True)
class AgentOrigin:
    """Names an instance and finds it again, also from another process.

    Attributes:
        agent: Its name.
        instance_id: Which of all agents of that name.
        record_path: Its discovery record.
        log_path: Its log, if a client has started it.
        agent_version: Of the agent's package.
        browser_version: Empty when no browser had been launched.
    """

    agent: str
    instance_id: str
    record_path: str
    log_path: str = ""
    agent_version: str = ""
    browser_version: str = ""

    @classmethod
    def of(
        cls, agent: str, paths: AgentPaths, log: Path, instance_id: str, info: AgentInfo | None
    ) -> AgentOrigin:
        """The origin of errors that come by a connection, to which the agent may not have said what it is."""
        return cls(
            agent=agent,
            instance_id=instance_id,
            record_path=str(paths.record),
            log_path=str(log),
            agent_version=info.version if info is not None else "",
            browser_version=(info.browser.version or "") if info is not None else "",
        )

    def facts(self) -> Mapping[str, str]:
        """Versions, and where the log is."""
        known = {
            "agent": self.agent,
            "client version": __version__,
            "agent version": self.agent_version,
            "browser version": self.browser_version or self._asked_for_browser(),
            "log": self.log_path,
        }
        return {name: value for name, value in known.items() if value}

    def _asked_for_browser(self) -> str:
        # A client may have connected before the browser was launched.
        hello = agent_pb2.HelloRequest(
            client_version=__version__, protocol_min=wire.PROTOCOL_MIN, protocol_max=wire.PROTOCOL_MAX
        )
        try:
            with self._channel("") as (channel, header):
                say = channel.unary_unary(
                    methods.HELLO.path,
                    request_serializer=agent_pb2.HelloRequest.SerializeToString,
                    response_deserializer=agent_pb2.AgentInfo.FromString,
                )
                info = say(hello, timeout=_HELLO_SECONDS, metadata=header.metadata())
        except (grpc.RpcError, CMDOPError):
            return ""
        version: str = info.browser.version
        return version

    def fetch(self, artifact: Artifact) -> bytes:
        """The bytes of *artifact*, over a connection of its own.

        Raises:
            AgentOfflineError: The instance has ended.
            FileNotFoundError: It does not keep the artifact any more.
            CMDOPError: Whatever else went wrong.
        """
        what = _NOUNS.get(artifact.media_type, "file")
        with self._channel(what) as (channel, header):
            read = channel.unary_stream(
                methods.READ_ARTIFACT.path,
                request_serializer=transfers_pb2.ReadArtifactRequest.SerializeToString,
                response_deserializer=transfers_pb2.Chunk.FromString,
            )
            request = transfers_pb2.ReadArtifactRequest(artifact_id=artifact.id)
            try:
                chunks = read(request, timeout=_FETCH_SECONDS, metadata=header.metadata())
                content = b"".join(chunk.data for chunk in chunks)
            except grpc.RpcError as exc:
                raise self._error(exc, header, what) from exc
        if artifact.size_bytes is not None and len(content) != artifact.size_bytes:
            raise InternalError(
                f"{len(content)} of {artifact.size_bytes} bytes arrived of what the agent keeps",
                retryable=False,
                agent_id=self.instance_id,
            )
        kind = _FORMATS.get(artifact.media_type)
        return content if kind is None else Image(content, kind)

    @contextmanager
    def _channel(self, what: str) -> Iterator[tuple[grpc.Channel, CallHeader]]:
        record = self._record(what)
        channel = open_channel(record.socket)
        try:
            yield channel, CallHeader(uuid.uuid4().hex, record.token)
        finally:
            channel.close()

    def _record(self, what: str) -> DiscoveryRecord:
        paths = AgentPaths.of(self.agent, Path(self.record_path).parents[1])
        with shortages.told_as_ours(f"the {what} that the agent keeps cannot be fetched"):
            try:
                record = DiscoveryRecord.read(paths.record_of(self.instance_id))
            except (OSError, CMDOPError) as exc:
                if shortages.is_shortage(exc):
                    raise
                raise self._gone(what) from exc
            if record.instance_id != self.instance_id or why_stale(record) is not None:
                raise self._gone(what)
        if (heartbeat_age(paths, self.instance_id) or 0.0) > _SILENT_SECONDS:
            raise ConnectionTimeoutError(
                f"the agent does not answer, and the {what} that it keeps cannot be fetched",
                operation="fetch",
                agent_id=self.instance_id,
                tips=("try again when it runs on; it may be stopped, or the machine overloaded",),
            )
        return record

    def _gone(self, what: str) -> AgentOfflineError:
        return AgentOfflineError(
            f"the agent that failed has ended, and the {what} that it kept is gone with it",
            agent_id=self.instance_id,
            tips=("save errors where they are caught: error.save(directory)",),
        )

    def _error(self, exc: grpc.RpcError, header: CallHeader, what: str) -> CMDOPError:
        error = from_rpc_error(
            exc,
            operation="fetch",
            timeout_seconds=_FETCH_SECONDS,
            agent_id=self.instance_id,
            request_id=header.request_id,
        )
        return self._gone(what) if isinstance(error, AgentOfflineError) else error
