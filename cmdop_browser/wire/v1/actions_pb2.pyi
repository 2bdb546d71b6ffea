from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Position(_message.Message):
    __slots__ = ("x", "y")
    X_FIELD_NUMBER: _ClassVar[int]
    Y_FIELD_NUMBER: _ClassVar[int]
    x: float
    y: float
    def __init__(self, x: _Optional[float] = ..., y: _Optional[float] = ...) -> None: ...

class ClickRequest(_message.Message):
    __slots__ = ("call", "selector", "button", "count", "position", "modifiers", "force")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    BUTTON_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    MODIFIERS_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    button: str
    count: int
    position: Position
    modifiers: _containers.RepeatedScalarFieldContainer[str]
    force: bool
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., button: _Optional[str] = ..., count: _Optional[int] = ..., position: _Optional[_Union[Position, _Mapping]] = ..., modifiers: _Optional[_Iterable[str]] = ..., force: bool = ...) -> None: ...

class FillRequest(_message.Message):
    __slots__ = ("call", "selector", "value")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    value: str
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class TypeRequest(_message.Message):
    __slots__ = ("call", "selector", "text", "delay_seconds", "clear")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    DELAY_SECONDS_FIELD_NUMBER: _ClassVar[int]
    CLEAR_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    text: str
    delay_seconds: float
    clear: bool
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., text: _Optional[str] = ..., delay_seconds: _Optional[float] = ..., clear: bool = ...) -> None: ...

class PressRequest(_message.Message):
    __slots__ = ("call", "key", "selector")
    CALL_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    key: str
    selector: str
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., key: _Optional[str] = ..., selector: _Optional[str] = ...) -> None: ...

class HoverRequest(_message.Message):
    __slots__ = ("call", "selector")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ...) -> None: ...

class SetCheckedRequest(_message.Message):
    __slots__ = ("call", "selector", "checked")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    checked: bool
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., checked: bool = ...) -> None: ...

class SelectOptionRequest(_message.Message):
    __slots__ = ("call", "selector", "values", "labels", "indexes")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    INDEXES_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    values: StringList
    labels: StringList
    indexes: IndexList
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., values: _Optional[_Union[StringList, _Mapping]] = ..., labels: _Optional[_Union[StringList, _Mapping]] = ..., indexes: _Optional[_Union[IndexList, _Mapping]] = ...) -> None: ...

class StringList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, items: _Optional[_Iterable[str]] = ...) -> None: ...

class IndexList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, items: _Optional[_Iterable[int]] = ...) -> None: ...

class SelectOptionReply(_message.Message):
    __slots__ = ("selected", "url")
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    selected: _containers.RepeatedScalarFieldContainer[str]
    url: str
    def __init__(self, selected: _Optional[_Iterable[str]] = ..., url: _Optional[str] = ...) -> None: ...

class UploadFilesRequest(_message.Message):
    __slots__ = ("call", "selector", "transfer_ids")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_IDS_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    transfer_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., transfer_ids: _Optional[_Iterable[str]] = ...) -> None: ...
