from cmdop_browser.wire.v1 import common_pb2 as _common_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ImageFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    IMAGE_FORMAT_UNSPECIFIED: _ClassVar[ImageFormat]
    IMAGE_FORMAT_PNG: _ClassVar[ImageFormat]
    IMAGE_FORMAT_JPEG: _ClassVar[ImageFormat]
IMAGE_FORMAT_UNSPECIFIED: ImageFormat
IMAGE_FORMAT_PNG: ImageFormat
IMAGE_FORMAT_JPEG: ImageFormat

class ScreenshotRequest(_message.Message):
    __slots__ = ("call", "selector", "full_page", "format")
    CALL_FIELD_NUMBER: _ClassVar[int]
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    FULL_PAGE_FIELD_NUMBER: _ClassVar[int]
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    call: _common_pb2.SessionCall
    selector: str
    full_page: bool
    format: ImageFormat
    def __init__(self, call: _Optional[_Union[_common_pb2.SessionCall, _Mapping]] = ..., selector: _Optional[str] = ..., full_page: bool = ..., format: _Optional[_Union[ImageFormat, str]] = ...) -> None: ...

class CaptureReply(_message.Message):
    __slots__ = ("content",)
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    content: _common_pb2.Payload
    def __init__(self, content: _Optional[_Union[_common_pb2.Payload, _Mapping]] = ...) -> None: ...
