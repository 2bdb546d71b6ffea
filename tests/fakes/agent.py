"""An agent without a browser: it answers as it is told and remembers what it was asked."""

from __future__ import annotations

import os
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import grpc

from cmdop_browser import _methods as methods
from cmdop_browser.wire import channel as wire
from cmdop_browser.wire.errors import status_from_error
from cmdop_browser.wire.rendezvous import AgentPaths, DiscoveryRecord, boot_id, process_start_time
from cmdop_browser.wire.v1 import agent_pb2, common_pb2, sessions_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

    from google.protobuf.message import Message

    from cmdop_browser._methods import Method
    from cmdop_browser.exceptions import CMDOPError

ALL_METHODS: tuple[Method[Any, Any], ...] = tuple(
    value for value in vars(methods).values() if isinstance(value, methods.Method)
)


@dataclass(frozen=True)
class Call:
    """A call as it arrived."""

    method: Method[Any, Any]
    request: Any
    metadata: dict[str, str]
    time_remaining: float | None


@dataclass
class FakeAgent:
    """Answers on a unix socket and publishes itself like a real agent.

    `answers` maps methods to functions from request to reply; a method without one
    gets an empty reply. `raises` maps methods to errors of ours that end the call.
    A method in `held` does not answer before `release` is set, one in `absent` is unknown.
    """

    runtime_dir: Path
    agent: str = "default"
    instance_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    announced_instance_id: str | None = None
    token: str = "secret-token"
    capabilities: tuple[str, ...] = ()
    calls: list[Call] = field(default_factory=list)
    answers: dict[Method[Any, Any], Callable[[Any], Message]] = field(default_factory=dict)
    streams: dict[Method[Any, Any], Callable[[Any], Iterator[Message]]] = field(default_factory=dict)
    raises: dict[Method[Any, Any], CMDOPError] = field(default_factory=dict)
    held: set[Method[Any, Any]] = field(default_factory=set)
    absent: set[Method[Any, Any]] = field(default_factory=set)
    release: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    says_attached: bool = True
    diagnosis_seconds: float = 0.0
    refuses_lease: CMDOPError | None = None
    detached: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.setdefault(methods.HELLO, lambda _: self._hello())
        self.answers.setdefault(methods.CREATE, _session_info)
        self._attach_ended = threading.Event()
        self._arrivals = threading.Condition()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen and publish."""
        paths = AgentPaths.of(self.agent, self.runtime_dir)
        paths.create()
        self._executor = ThreadPoolExecutor(16)
        self._server = grpc.server(self._executor, options=wire.server_options())
        self._server.add_generic_rpc_handlers((_Handlers(self),))
        self._socket = paths.directory / f"{self.instance_id[:8]}.sock"
        self._server.add_insecure_port(wire.unix_target(str(self._socket)))
        self._server.start()
        start_time = process_start_time(os.getpid())
        assert start_time is not None
        DiscoveryRecord(
            instance_id=self.instance_id,
            pid=os.getpid(),
            pid_start_time=start_time,
            boot_id=boot_id(),
            uid=os.getuid(),
            socket=str(self._socket),
            protocol=1,
            token=self.token,
            ready_at=time.time(),
        ).write(paths.record)

    def cut(self) -> None:
        """Break all connections, calls under way included."""
        self._server.stop(0)

    def hang_up(self) -> None:
        """Break all connections and take no more; calls under way may go on."""
        self._socket.unlink()
        self.cut()

    def stop(self) -> None:
        """Be gone; the record stays, as after a kill."""
        self.cut()
        self.release.set()
        self._attach_ended.set()
        self._server.stop(0).wait()
        self._executor.shutdown()
        self._socket.unlink(missing_ok=True)

    @property
    def record(self) -> Path:
        """The discovery record."""
        return AgentPaths.of(self.agent, self.runtime_dir).record

    def of(self, method: Method[Any, Any]) -> list[Call]:
        """The calls of one method."""
        return [call for call in self.calls if call.method is method]

    def wait_for(self, method: Method[Any, Any], count: int = 1) -> list[Call]:
        """The calls of one method, as soon as there are *count* of them."""
        with self._arrivals:
            assert self._arrivals.wait_for(lambda: len(self.of(method)) >= count, timeout=10)
        return self.of(method)

    def end_leases(self) -> None:
        """End the streams that hold leases; later ones stay open.

        Notice of an end reaches a client only when no message waits to be read.
        """
        ended, self._attach_ended = self._attach_ended, threading.Event()
        ended.set()

    def answer(self, method: Method[Any, Any], request: Any, context: grpc.ServicerContext) -> Any:
        """Handle a unary call."""
        self._record(method, request, context)
        if method in self.held:
            self.arrived.set()
            self.release.wait(30)
        if method in self.raises:
            context.abort_with_status(status_from_error(self.raises[method]))
        answer = self.answers.get(method)
        return answer(request) if answer else method.reply.FromString(b"")

    def take(self, method: Method[Any, Any], parts: Iterator[Message], context: grpc.ServicerContext) -> Any:
        """Handle a call with a stream of requests; one that is held is not read either."""
        if method in self.held:
            self.arrived.set()
            self.release.wait(30)
        return self.answer(method, list(parts), context)

    def attach(self, request: Any, context: grpc.ServicerContext) -> Iterator[Message]:
        """Hold a lease."""
        ended = self._attach_ended  # before anybody hears of this one, and ends it
        self._record(methods.ATTACH, request, context)
        if self.refuses_lease is not None:
            context.abort_with_status(status_from_error(self.refuses_lease))
        context.add_callback(ended.set)
        context.add_callback(self.detached.set)
        if self.says_attached:
            yield agent_pb2.AttachEvent(attached=agent_pb2.Attached(grace_seconds=10))
        ended.wait(60)

    def stream(
        self, method: Method[Any, Any], request: Any, context: grpc.ServicerContext
    ) -> Iterator[Message]:
        """Handle a call with a stream of replies."""
        self._record(method, request, context)
        if method in self.raises:
            context.abort_with_status(status_from_error(self.raises[method]))
        yield from self.streams[method](request)

    def _record(self, method: Method[Any, Any], request: Any, context: grpc.ServicerContext) -> None:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        with self._arrivals:
            self.calls.append(Call(method, request, metadata, context.time_remaining()))
            self._arrivals.notify_all()

    def _hello(self) -> agent_pb2.AgentInfo:
        return agent_pb2.AgentInfo(
            instance_id=self.announced_instance_id or self.instance_id,
            agent=self.agent,
            agent_version="0.1.0",
            protocol_min=1,
            protocol_max=1,
            capabilities=self.capabilities,
            diagnosis_seconds=self.diagnosis_seconds,
        )


class _Handlers(grpc.GenericRpcHandler):
    def __init__(self, agent: FakeAgent) -> None:
        self._agent = agent
        self._methods = {method.path: method for method in ALL_METHODS}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        method = self._methods.get(handler_call_details.method)
        if method is None or method in self._agent.absent:
            return None
        reads, writes = method.request.FromString, method.reply.SerializeToString
        agent = self._agent
        if method is methods.ATTACH:
            return grpc.unary_stream_rpc_method_handler(agent.attach, reads, writes)
        if method in {methods.DOWNLOAD, methods.READ_ARTIFACT}:
            return grpc.unary_stream_rpc_method_handler(
                lambda request, context: agent.stream(method, request, context), reads, writes
            )
        if method is methods.SEND_FILE:
            return grpc.stream_unary_rpc_method_handler(
                lambda parts, context: agent.take(method, parts, context), reads, writes
            )
        return grpc.unary_unary_rpc_method_handler(
            lambda request, context: agent.answer(method, request, context), reads, writes
        )


def _session_info(request: sessions_pb2.CreateSessionRequest) -> sessions_pb2.SessionInfo:
    return sessions_pb2.SessionInfo(
        session=common_pb2.SessionRef(session_id=f"s-{uuid.uuid4().hex[:8]}", epoch=1),
        name=request.options.name,
        timeout_seconds=request.options.timeout_seconds,
        idle_timeout_seconds=request.options.idle_timeout_seconds,
        on_crash=request.options.on_crash,
    )
