from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EvaluateRequest(_message.Message):
    __slots__ = ("call", "expression", "argument")
    CALL_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    expression: str
    argument: bytes
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., expression: _Optional[str] = ..., argument: _Optional[bytes] = ...) -> None: ...

class EvaluateReply(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _common_pb2.Payload
    def __init__(self, value: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...
