"""What can be done with an element: of two that are as near, the one that suits the call is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from agent_bridge.diagnosis.subjects import Subject

_BUTTON_TYPES = frozenset({"submit", "button", "reset", "image"})
_CHECK_TYPES = frozenset({"checkbox", "radio"})
_CLICKABLE_TAGS = frozenset({"a", "button", "summary", "label", "option", "area"})
_CLICKABLE_ROLES = frozenset(
    {"button", "link", "tab", "menuitem", "option", "checkbox", "radio", "switch", "treeitem"}
)
_TEXT_ROLES = frozenset({"textbox", "searchbox", "combobox", "spinbutton"})
ACTS = frozenset({"click", "fill", "type", "press", "clear", "select_option", "upload", "check", "uncheck"})


def suits(element: Subject, action: str) -> bool:
    """Whether *action* is what one does with *element*."""
    kind = element.attributes.get("type", "").lower()
    editable = element.attributes.get("contenteditable", "false") not in {"false", "inherit"}
    if action in {"fill", "type", "clear", "press"}:
        if element.tag == "input":
            return kind not in _BUTTON_TYPES | _CHECK_TYPES | {"hidden", "file"}
        return element.tag == "textarea" or editable or element.role in _TEXT_ROLES
    if action == "select_option":
        return element.tag == "select"
    if action == "upload":
        return element.tag == "input" and kind == "file"
    if action in {"check", "uncheck"}:
        return kind in _CHECK_TYPES or element.role in _CHECK_TYPES | {"switch"}
    if element.tag == "input":
        return kind in _BUTTON_TYPES | _CHECK_TYPES
    return element.tag in _CLICKABLE_TAGS or element.role in _CLICKABLE_ROLES
