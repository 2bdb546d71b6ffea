from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ElementState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ELEMENT_STATE_UNSPECIFIED: _ClassVar[ElementState]
    ELEMENT_STATE_VISIBLE: _ClassVar[ElementState]
    ELEMENT_STATE_HIDDEN: _ClassVar[ElementState]
    ELEMENT_STATE_ATTACHED: _ClassVar[ElementState]
    ELEMENT_STATE_DETACHED: _ClassVar[ElementState]
ELEMENT_STATE_UNSPECIFIED: ElementState
ELEMENT_STATE_VISIBLE: ElementState
ELEMENT_STATE_HIDDEN: ElementState
ELEMENT_STATE_ATTACHED: ElementState
ELEMENT_STATE_DETACHED: ElementState

class WaitForSelectorRequest(_message.Message):
    __slots__ = ("call", "selector", "state")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    state: ElementState
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., state: _Optional[_Union[ElementState, str]] = ...) -> None: ...

class WaitForUrlRequest(_message.Message):
    __slots__ = ("call", "glob", "regex")
    CALL_FIELD_NUMBER: _ClassVar[int]
    GLOB_FIELD_NUMBER: _ClassVar[int]
    REGEX_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    glob: str
    regex: RegularExpression
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., glob: _Optional[str] = ..., regex: _Optional[_Union[RegularExpression, _Mapping]] = ...) -> None: ...

class RegularExpression(_message.Message):
    __slots__ = ("source", "ignore_case", "multiline", "dotall")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    IGNORE_CASE_FIELD_NUMBER: _ClassVar[int]
    MULTILINE_FIELD_NUMBER: _ClassVar[int]
    DOTALL_FIELD_NUMBER: _ClassVar[int]
    source: str
    ignore_case: bool
    multiline: bool
    dotall: bool
    def __init__(self, source: _Optional[str] = ..., ignore_case: bool = ..., multiline: bool = ..., dotall: bool = ...) -> None: ...

class WaitForFunctionRequest(_message.Message):
    __slots__ = ("call", "expression", "argument")
    CALL_FIELD_NUMBER: _ClassVar[int]
    EXPRESSION_FIELD_NUMBER: _ClassVar[int]
    ARGUMENT_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    expression: str
    argument: bytes
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., expression: _Optional[str] = ..., argument: _Optional[bytes] = ...) -> None: ...

class WaitForFunctionReply(_message.Message):
    __slots__ = ("value",)
    VALUE_FIELD_NUMBER: _ClassVar[int]
    value: _common_pb2.Payload
    def __init__(self, value: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...
