"""The calls of the wire that the client makes, with the types they take and give.

The client uses these instead of the generated stubs, which are neither typed nor made
one call at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from google.protobuf.message import Message

from cmdop_browser.wire.v1 import (
    actions_pb2,
    agent_pb2,
    capture_pb2,
    common_pb2,
    dom_pb2,
    identity_pb2,
    navigation_pb2,
    script_pb2,
    sessions_pb2,
    transfers_pb2,
    waits_pb2,
)

RequestT = TypeVar("RequestT", bound=Message)
ReplyT = TypeVar("ReplyT", bound=Message)


@dataclass(frozen=True, slots=True)
class Method(Generic[RequestT, ReplyT]):
    """A method of one of the agent's services.

    Attributes:
        service: Name of the service, without its package.
        name: Name of the method.
        request: Class of what is sent.
        reply: Class of what comes back.
        act: It changes the page or the server behind it, and is never executed twice
            with the same idempotency key.
        keyed: It carries such a key, too, although making it again does no harm: what was
            made for nothing is taken back by the key, or goes with the session.
    """

    service: str
    name: str
    request: type[RequestT]
    reply: type[ReplyT]
    act: bool = False
    keyed: bool = False

    @property
    def path(self) -> str:
        """The method's address in gRPC."""
        return f"/cmdop.browser.v1.{self.service}/{self.name}"


_Call = common_pb2.SessionCall
_Page = common_pb2.PageState

HELLO: Final = Method("AgentService", "Hello", agent_pb2.HelloRequest, agent_pb2.AgentInfo)
PING: Final = Method("AgentService", "Ping", agent_pb2.PingRequest, agent_pb2.PingReply)
ATTACH: Final = Method("AgentService", "Attach", agent_pb2.AttachRequest, agent_pb2.AttachEvent)
DETACH: Final = Method("AgentService", "Detach", agent_pb2.DetachRequest, agent_pb2.DetachReply)

CREATE: Final = Method(
    "SessionService", "Create", sessions_pb2.CreateSessionRequest, sessions_pb2.SessionInfo, keyed=True
)
GET: Final = Method("SessionService", "Get", sessions_pb2.GetSessionRequest, sessions_pb2.SessionInfo)
LIST: Final = Method(
    "SessionService", "List", sessions_pb2.ListSessionsRequest, sessions_pb2.ListSessionsReply
)
INFO: Final = Method("SessionService", "Info", _Call, sessions_pb2.SessionInfo)
CLOSE: Final = Method(
    "SessionService", "Close", sessions_pb2.CloseSessionRequest, sessions_pb2.CloseSessionReply
)

NAVIGATE: Final = Method(
    "NavigationService", "Navigate", navigation_pb2.NavigateRequest, navigation_pb2.NavigationReply
)
TRAVERSE: Final = Method(
    "NavigationService", "Traverse", navigation_pb2.TraverseRequest, navigation_pb2.NavigationReply, act=True
)
LOCATION: Final = Method("NavigationService", "Location", _Call, common_pb2.PageState)
TITLE: Final = Method("NavigationService", "Title", _Call, navigation_pb2.TitleReply)
FETCH: Final = Method("NavigationService", "Fetch", navigation_pb2.FetchRequest, navigation_pb2.FetchReply)

CLICK: Final = Method("ActionService", "Click", actions_pb2.ClickRequest, _Page, act=True)
FILL: Final = Method("ActionService", "Fill", actions_pb2.FillRequest, _Page, act=True)
TYPE: Final = Method("ActionService", "Type", actions_pb2.TypeRequest, _Page, act=True)
PRESS: Final = Method("ActionService", "Press", actions_pb2.PressRequest, _Page, act=True)
HOVER: Final = Method("ActionService", "Hover", actions_pb2.HoverRequest, _Page, act=True)
SET_CHECKED: Final = Method("ActionService", "SetChecked", actions_pb2.SetCheckedRequest, _Page, act=True)
SELECT_OPTION: Final = Method(
    "ActionService", "SelectOption", actions_pb2.SelectOptionRequest, actions_pb2.SelectOptionReply, act=True
)
UPLOAD: Final = Method("ActionService", "Upload", actions_pb2.UploadFilesRequest, _Page, act=True)

FOR_SELECTOR: Final = Method("WaitService", "ForSelector", waits_pb2.WaitForSelectorRequest, _Page)
FOR_URL: Final = Method("WaitService", "ForUrl", waits_pb2.WaitForUrlRequest, _Page)
FOR_FUNCTION: Final = Method(
    "WaitService", "ForFunction", waits_pb2.WaitForFunctionRequest, waits_pb2.WaitForFunctionReply
)
FOR_IDLE: Final = Method("WaitService", "ForIdle", _Call, _Page)

EVALUATE: Final = Method(
    "ScriptService", "Evaluate", script_pb2.EvaluateRequest, script_pb2.EvaluateReply, act=True
)

SCREENSHOT: Final = Method(
    "CaptureService", "Screenshot", capture_pb2.ScreenshotRequest, capture_pb2.CaptureReply
)
PDF: Final = Method("CaptureService", "Pdf", _Call, capture_pb2.CaptureReply)

GET_COOKIES: Final = Method(
    "IdentityService", "GetCookies", identity_pb2.GetCookiesRequest, identity_pb2.GetCookiesReply
)
SET_COOKIES: Final = Method("IdentityService", "SetCookies", identity_pb2.SetCookiesRequest, _Page, act=True)
CLEAR_COOKIES: Final = Method("IdentityService", "ClearCookies", _Call, _Page, act=True)
GET_STORAGE_STATE: Final = Method("IdentityService", "GetStorageState", _Call, identity_pb2.StorageStateReply)

HTML: Final = Method("DomService", "Html", dom_pb2.HtmlRequest, dom_pb2.ContentReply)
TEXT: Final = Method("DomService", "Text", dom_pb2.SelectorRequest, dom_pb2.ContentReply)
SELECT: Final = Method("DomService", "Select", dom_pb2.SelectorRequest, dom_pb2.ContentReply)
ATTRS: Final = Method("DomService", "Attrs", dom_pb2.AttrsRequest, dom_pb2.ContentReply)
COUNT: Final = Method("DomService", "Count", dom_pb2.SelectorRequest, dom_pb2.CountReply)
LINKS: Final = Method("DomService", "Links", _Call, dom_pb2.ContentReply)
TABLE: Final = Method("DomService", "Table", dom_pb2.SelectorRequest, dom_pb2.ContentReply)

DOWNLOAD: Final = Method("TransferService", "Download", transfers_pb2.DownloadRequest, transfers_pb2.Chunk)
SEND_FILE: Final = Method(
    "TransferService", "Upload", transfers_pb2.UploadChunk, common_pb2.TransferRef, keyed=True
)
READ_ARTIFACT: Final = Method(
    "TransferService", "ReadArtifact", transfers_pb2.ReadArtifactRequest, transfers_pb2.Chunk
)
