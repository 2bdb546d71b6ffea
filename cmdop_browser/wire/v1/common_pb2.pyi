from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class SessionRef(_message.Message):
    __slots__ = ("session_id", "epoch")
    SESSION_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    session_id: str
    epoch: int
    def __init__(self, session_id: _Optional[str] = ..., epoch: _Optional[int] = ...) -> None: ...

class SessionCall(_message.Message):
    __slots__ = ("session", "timeout_seconds")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    TIMEOUT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    session: SessionRef
    timeout_seconds: float
    def __init__(self, session: _Optional[_Union[SessionRef, _Mapping]] = ..., timeout_seconds: _Optional[float] = ...) -> None: ...

class Payload(_message.Message):
    __slots__ = ("inline", "transfer")
    INLINE_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    inline: bytes
    transfer: TransferRef
    def __init__(self, inline: _Optional[bytes] = ..., transfer: _Optional[_Union[TransferRef, _Mapping]] = ...) -> None: ...

class TransferRef(_message.Message):
    __slots__ = ("transfer_id", "size_bytes")
    TRANSFER_ID_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    transfer_id: str
    size_bytes: int
    def __init__(self, transfer_id: _Optional[str] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class PageState(_message.Message):
    __slots__ = ("url",)
    URL_FIELD_NUMBER: _ClassVar[int]
    url: str
    def __init__(self, url: _Optional[str] = ...) -> None: ...
