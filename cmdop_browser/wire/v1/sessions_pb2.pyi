from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class OnCrash(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ON_CRASH_UNSPECIFIED: _ClassVar[OnCrash]
    ON_CRASH_RAISE: _ClassVar[OnCrash]
    ON_CRASH_RESTORE: _ClassVar[OnCrash]
ON_CRASH_UNSPECIFIED: OnCrash
ON_CRASH_RAISE: OnCrash
ON_CRASH_RESTORE: OnCrash

class SessionOptions(_message.Message):
    __slots__ = ("name", "viewport_width", "viewport_height", "locale", "timezone", "user_agent", "headers", "proxy", "storage_state", "block", "javascript", "ignore_https_errors", "on_crash", "idle_timeout_seconds", "timeout_seconds")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VIEWPORT_WIDTH_FIELD_NUMBER: _ClassVar[int]
    VIEWPORT_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    LOCALE_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    USER_AGENT_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    PROXY_FIELD_NUMBER: _ClassVar[int]
    STORAGE_STATE_FIELD_NUMBER: _ClassVar[int]
    BLOCK_FIELD_NUMBER: _ClassVar[int]
    JAVASCRIPT_FIELD_NUMBER: _ClassVar[int]
    IGNORE_HTTPS_ERRORS_FIELD_NUMBER: _ClassVar[int]
    ON_CRASH_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    viewport_width: int
    viewport_height: int
    locale: str
    timezone: str
    user_agent: str
    headers: _containers.RepeatedCompositeFieldContainer[_common_pb2.Header]
    proxy: Proxy
    storage_state: bytes
    block: _containers.RepeatedScalarFieldContainer[str]
    javascript: bool
    ignore_https_errors: bool
    on_crash: OnCrash
    idle_timeout_seconds: float
    timeout_seconds: float
    def __init__(self, name: _Optional[str] = ..., viewport_width: _Optional[int] = ..., viewport_height: _Optional[int] = ..., locale: _Optional[str] = ..., timezone: _Optional[str] = ..., user_agent: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[_common_pb2.Header, _Mapping]]] = ..., proxy: _Optional[_Union[Proxy, _Mapping]] = ..., storage_state: _Optional[bytes] = ..., block: _Optional[_Iterable[str]] = ..., javascript: bool = ..., ignore_https_errors: bool = ..., on_crash: _Optional[_Union[OnCrash, str]] = ..., idle_timeout_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ...) -> None: ...

class Proxy(_message.Message):
    __slots__ = ("server", "username", "password", "bypass")
    SERVER_FIELD_NUMBER: _ClassVar[int]
    USERNAME_FIELD_NUMBER: _ClassVar[int]
    PASSWORD_FIELD_NUMBER: _ClassVar[int]
    BYPASS_FIELD_NUMBER: _ClassVar[int]
    server: str
    username: str
    password: str
    bypass: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, server: _Optional[str] = ..., username: _Optional[str] = ..., password: _Optional[str] = ..., bypass: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateSessionRequest(_message.Message):
    __slots__ = ("options", "queue_timeout_seconds", "timeout_seconds")
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    options: SessionOptions
    queue_timeout_seconds: float
    timeout_seconds: float
    def __init__(self, options: _Optional[_Union[SessionOptions, _Mapping]] = ..., queue_timeout_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ...) -> None: ...

class GetSessionRequest(_message.Message):
    __slots__ = ("id_or_name",)
    ID_OR_NAME_FIELD_NUMBER: _ClassVar[int]
    id_or_name: str
    def __init__(self, id_or_name: _Optional[str] = ...) -> None: ...

class ListSessionsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListSessionsReply(_message.Message):
    __slots__ = ("sessions",)
    SESSIONS_FIELD_NUMBER: _ClassVar[int]
    sessions: _containers.RepeatedCompositeFieldContainer[SessionInfo]
    def __init__(self, sessions: _Optional[_Iterable[_Union[SessionInfo, _Mapping]]] = ...) -> None: ...

class SessionInfo(_message.Message):
    __slots__ = ("session", "name", "url", "title", "client_id", "age_seconds", "idle_seconds", "idle_timeout_seconds", "timeout_seconds", "pages", "on_crash", "not_restored")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    AGE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    IDLE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    IDLE_TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    PAGES_FIELD_NUMBER: _ClassVar[int]
    ON_CRASH_FIELD_NUMBER: _ClassVar[int]
    NOT_RESTORED_FIELD_NUMBER: _ClassVar[int]
    session: _common_pb2.SessionRef
    name: str
    url: str
    title: str
    client_id: str
    age_seconds: float
    idle_seconds: float
    idle_timeout_seconds: float
    timeout_seconds: float
    pages: int
    on_crash: OnCrash
    not_restored: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, session: _Optional[_Union[_common_pb2.SessionRef, _Mapping]] = ..., name: _Optional[str] = ..., url: _Optional[str] = ..., title: _Optional[str] = ..., client_id: _Optional[str] = ..., age_seconds: _Optional[float] = ..., idle_seconds: _Optional[float] = ..., idle_timeout_seconds: _Optional[float] = ..., timeout_seconds: _Optional[float] = ..., pages: _Optional[int] = ..., on_crash: _Optional[_Union[OnCrash, str]] = ..., not_restored: _Optional[_Iterable[str]] = ...) -> None: ...

class CloseSessionRequest(_message.Message):
    __slots__ = ("session_id",)
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    def __init__(self, session_id: _Optional[str] = ...) -> None: ...

class CloseSessionReply(_message.Message):
    __slots__ = ("was_open",)
    WAS_OPEN_FIELD_NUMBER: _ClassVar[int]
    was_open: bool
    def __init__(self, was_open: bool = ...) -> None: ...
