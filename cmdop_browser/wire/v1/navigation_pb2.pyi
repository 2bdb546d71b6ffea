from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from cmdop_browser.wire.v1 import sessions_pb2 as _sessions_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WaitUntil(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    WAIT_UNTIL_UNSPECIFIED: _ClassVar[WaitUntil]
    WAIT_UNTIL_LOAD: _ClassVar[WaitUntil]
    WAIT_UNTIL_DOMCONTENTLOADED: _ClassVar[WaitUntil]
    WAIT_UNTIL_NETWORKIDLE: _ClassVar[WaitUntil]
    WAIT_UNTIL_COMMIT: _ClassVar[WaitUntil]

class Direction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DIRECTION_UNSPECIFIED: _ClassVar[Direction]
    DIRECTION_BACK: _ClassVar[Direction]
    DIRECTION_FORWARD: _ClassVar[Direction]
    DIRECTION_RELOAD: _ClassVar[Direction]
WAIT_UNTIL_UNSPECIFIED: WaitUntil
WAIT_UNTIL_LOAD: WaitUntil
WAIT_UNTIL_DOMCONTENTLOADED: WaitUntil
WAIT_UNTIL_NETWORKIDLE: WaitUntil
WAIT_UNTIL_COMMIT: WaitUntil
DIRECTION_UNSPECIFIED: Direction
DIRECTION_BACK: Direction
DIRECTION_FORWARD: Direction
DIRECTION_RELOAD: Direction

class NavigateRequest(_message.Message):
    __slots__ = ("call", "url", "wait_until", "referer")
    CALL_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    WAIT_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REFERER_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    url: str
    wait_until: WaitUntil
    referer: str
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., url: _Optional[str] = ..., wait_until: _Optional[_Union[WaitUntil, str]] = ..., referer: _Optional[str] = ...) -> None: ...

class TraverseRequest(_message.Message):
    __slots__ = ("call", "direction", "wait_until")
    CALL_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    WAIT_UNTIL_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    direction: Direction
    wait_until: WaitUntil
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., direction: _Optional[_Union[Direction, str]] = ..., wait_until: _Optional[_Union[WaitUntil, str]] = ...) -> None: ...

class NavigationReply(_message.Message):
    __slots__ = ("url", "requested_url", "status", "title", "headers", "redirects", "elapsed_seconds")
    URL_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_URL_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    REDIRECTS_FIELD_NUMBER: _ClassVar[int]
    ELAPSED_SECONDS_FIELD_NUMBER: _ClassVar[int]
    url: str
    requested_url: str
    status: int
    title: str
    headers: _containers.RepeatedCompositeFieldContainer[_common_pb2.Header]
    redirects: _containers.RepeatedScalarFieldContainer[str]
    elapsed_seconds: float
    def __init__(self, url: _Optional[str] = ..., requested_url: _Optional[str] = ..., status: _Optional[int] = ..., title: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[_common_pb2.Header, _Mapping]]] = ..., redirects: _Optional[_Iterable[str]] = ..., elapsed_seconds: _Optional[float] = ...) -> None: ...

class LocationReply(_message.Message):
    __slots__ = ("url", "title")
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    url: str
    title: str
    def __init__(self, url: _Optional[str] = ..., title: _Optional[str] = ...) -> None: ...

class FetchRequest(_message.Message):
    __slots__ = ("options", "queue_timeout_seconds", "timeout_seconds", "url", "wait_until", "referer", "wait_for", "selector")
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    WAIT_UNTIL_FIELD_NUMBER: _ClassVar[int]
    REFERER_FIELD_NUMBER: _ClassVar[int]
    WAIT_FOR_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    options: _sessions_pb2.SessionOptions
    queue_timeout_seconds: float
    timeout_seconds: float
    url: str
    wait_until: WaitUntil
    referer: str
    wait_for: str
    selector: str
    def __init__(self, options: _Optional[_Union[_sessions_pb2.SessionOptions, _Mapping]] = ..., queue_timeout_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ..., url: _Optional[str] = ..., wait_until: _Optional[_Union[WaitUntil, str]] = ..., referer: _Optional[str] = ..., wait_for: _Optional[str] = ..., selector: _Optional[str] = ...) -> None: ...

class FetchReply(_message.Message):
    __slots__ = ("navigation", "html")
    NAVIGATION_FIELD_NUMBER: _ClassVar[int]
    HTML_FIELD_NUMBER: _ClassVar[int]
    navigation: NavigationReply
    html: _common_pb2.Payload
    def __init__(self, navigation: _Optional[_Union[NavigationReply, _Mapping]] = ..., html: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...
