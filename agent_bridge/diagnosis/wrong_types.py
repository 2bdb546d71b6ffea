"""What is said of a call that does not fit the kind of its element: what it is, and the call that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agent_bridge.diagnosis.facts import ElementFacts, FailedCall

_FORMS: Final = {
    "number": "give a number, such as '12.5'",
    "range": "give a number between its min and max, on a step of its own",
    "date": "give a date in the form '2024-03-31'",
    "time": "give a time in the form '13:45'",
    "datetime-local": "give date and time in the form '2024-03-31T13:45'",
    "month": "give a month in the form '2024-03'",
    "week": "give a week in the form '2024-W13'",
    "color": "give a colour in the form '#ff8800'",
}
_CALLS: Final = {
    "checkbox": "use check or uncheck for a checkbox",
    "radio": "use check for a radio button",
    "file": "use upload for a file input",
    "submit": "use click for a button",
    "button": "use click for a button",
    "reset": "use click for a button",
    "image": "use click for a button",
}
_FOR_WHAT: Final = {
    "fill": "fill is for <input>, <textarea> and contenteditable elements: give the selector of one",
    "type": "type is for <input>, <textarea> and contenteditable elements: give the selector of one",
    "select_option": "select_option is for <select> lists only; for one made of other elements,"
    " click it, then click the option",
    "check": "check is for checkboxes and radio buttons; use click for other elements",
    "uncheck": "uncheck is for checkboxes; use click for other elements",
    "upload": 'upload is for <input type="file">: give the selector of one',
    "dom.table": "dom.table is for a <table>: give the selector of one",
}


def explained(call: FailedCall, element: ElementFacts | None, refusal: str) -> tuple[str, tuple[str, ...]]:
    """Return what is wrong, and what to try.

    Args:
        call: The call.
        element: What it was made on, where known.
        refusal: Playwright's words.
    """
    kind = _kind(element)
    if "Cannot uncheck radio" in refusal:
        return (
            "a radio button cannot be unchecked",
            ("check another radio button of its group instead",),
        )
    if "did not change its state" in refusal:
        return (
            f"it was clicked, but the page put {kind} back",
            ("look at what the page asks for; it may refuse this choice",),
        )
    if "Non-multiple select" in refusal:
        return (
            f"{kind} takes one option only",
            ("give a single option, or find the list that takes several: it has the attribute multiple",),
        )
    if "Non-multiple" in refusal:
        return (
            f"{kind} takes one file only",
            ("give a single file, or find the input that takes several: it has the attribute multiple",),
        )
    if "directories" in refusal or "webkitdirectory" in refusal:
        return (f"{kind} takes a directory, not files", ("find an input that takes files",))
    if "Malformed value" in refusal or "Cannot type text into" in refusal:
        form = _FORMS.get(element.type if element is not None else "", _FORMS["number"])
        return (f"{kind} does not take that text", (form,))
    if element is not None and element.content_editable is False and call.action in {"fill", "type"}:
        return (
            f'{kind} is not editable: contenteditable="false"',
            ("the page turned editing off here: do first what turns it on, or find the field meant",),
        )
    return f"it is {kind}, which {call.action} is not for", _calls_that_fit(call, element)


def _calls_that_fit(call: FailedCall, element: ElementFacts | None) -> tuple[str, ...]:
    general = _FOR_WHAT.get(call.action, "use the call that fits")
    if element is None:
        return (general,)
    if element.tag == "select" and call.action != "select_option":
        return ("use select_option for a <select>",)
    if element.tag == "input" and element.type in _CALLS:
        return (_CALLS[element.type],)
    if element.tag == "input" and call.action == "select_option":
        return ("use fill for an <input>; for a list that it opens, click the option", general)
    if element.tag in {"input", "textarea"} and call.action in {"check", "uncheck", "upload"}:
        return ("use fill for a text field", general)
    if element.tag in {"button", "a"} and call.action != "dom.table":
        return (f"use click for {_kind(element)}", general)
    return (general,)


def _kind(element: ElementFacts | None) -> str:
    if element is None:
        return "the element"
    if element.tag == "input":
        return f'an <input type="{element.type or "text"}">'
    article = "an" if element.tag[:1] in "aeiou" else "a"
    return f"{article} <{element.tag}>"
