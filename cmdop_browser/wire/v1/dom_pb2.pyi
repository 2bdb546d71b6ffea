from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class HtmlRequest(_message.Message):
    __slots__ = ("call", "selector", "shadow")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    SHADOW_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    shadow: bool
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., shadow: bool = ...) -> None: ...

class SelectorRequest(_message.Message):
    __slots__ = ("call", "selector")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ...) -> None: ...

class AttrsRequest(_message.Message):
    __slots__ = ("call", "selector", "name")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    name: str
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., name: _Optional[str] = ...) -> None: ...

class CountReply(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class ContentReply(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: _common_pb2.Payload
    def __init__(self, content: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...
