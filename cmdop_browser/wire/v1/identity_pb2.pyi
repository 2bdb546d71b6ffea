from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Cookie(_message.Message):
    __slots__ = ("name", "value", "domain", "path", "url", "expires", "http_only", "secure", "same_site")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    DOMAIN_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_FIELD_NUMBER: _ClassVar[int]
    HTTP_ONLY_FIELD_NUMBER: _ClassVar[int]
    SECURE_FIELD_NUMBER: _ClassVar[int]
    SAME_SITE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    domain: str
    path: str
    url: str
    expires: float
    http_only: bool
    secure: bool
    same_site: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ..., domain: _Optional[str] = ..., path: _Optional[str] = ..., url: _Optional[str] = ..., expires: _Optional[float] = ..., http_only: bool = ..., secure: bool = ..., same_site: _Optional[str] = ...) -> None: ...

class GetCookiesRequest(_message.Message):
    __slots__ = ("call", "urls")
    CALL_FIELD_NUMBER: _ClassVar[int]
    URLS_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    urls: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., urls: _Optional[_Iterable[str]] = ...) -> None: ...

class GetCookiesReply(_message.Message):
    __slots__ = ("cookies",)
    COOKIES_FIELD_NUMBER: _ClassVar[int]
    cookies: _containers.RepeatedCompositeFieldContainer[Cookie]
    def __init__(self, cookies: _Optional[_Iterable[_Union[Cookie, _Mapping]]] = ...) -> None: ...

class SetCookiesRequest(_message.Message):
    __slots__ = ("call", "cookies")
    CALL_FIELD_NUMBER: _ClassVar[int]
    COOKIES_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    cookies: _containers.RepeatedCompositeFieldContainer[Cookie]
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., cookies: _Optional[_Iterable[_Union[Cookie, _Mapping]]] = ...) -> None: ...

class StorageStateReply(_message.Message):
    __slots__ = ("state",)
    STATE_FIELD_NUMBER: _ClassVar[int]
    state: _common_pb2.Payload
    def __init__(self, state: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...
