"""Closed shadow roots that hold what a selector looks for.

Scripts do not see into them; DevTools does. Asking it for the whole tree is dear,
so the document's markup is asked first whether there is such a root at all.
"""

from __future__ import annotations

import logging
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from playwright.async_api import Error as PlaywrightError

from agent_bridge.browser.probe import SELECTOR_OF, UNANSWERED
from agent_bridge.diagnosis.facts import ClosedRoot

if TYPE_CHECKING:
    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

log = logging.getLogger(__name__)

# The tree of a larger page takes longer to travel than there is time.
_MAX_ELEMENTS: Final = 8_000
_FEW_ELEMENTS: Final = 600
_MAX_ROOTS: Final = 60
_MARK: Final = 'shadowrootmode="closed"'
_COUNT: Final = "() => document.getElementsByTagName('*').length"
_TEXT_IN: Final = (
    "function (css, text) {"
    + (resources.files(__package__) / "probe_scripts" / "closed_root.js").read_text(encoding="utf-8")
    + "}"
)
# `text=Buy`, `"Buy"`, `button:has-text("Buy")`, `role=button[name="Buy"]`: text, and the tag before it.
_BY_TEXT: Final = (
    re.compile(r"^\s*text=\s*[\"']?(?P<text>[^/\"'][^\"']*)[\"']?\s*$"),
    re.compile(r"^\s*(?P<quote>[\"'])(?P<text>[^\"']+)(?P=quote)\s*$"),
    re.compile(r"^(?P<css>[^:>()]*):(?:has-text|text|text-is)\(\s*[\"']?(?P<text>[^\"']*?)[\"']?\s*\)\s*$"),
    re.compile(r"^\s*role=(?P<css>button|link)\[name=[\"']?(?P<text>[^\"'\]]*)[\"']?\s*i?\]\s*$"),
)
_ROLES: Final = {"button": "button, [role=button]", "link": "a, [role=link]"}


async def closed_roots_with(page: ManagedPage, selector: str, deadline: Deadline) -> tuple[ClosedRoot, ...]:
    """Return the hosts of closed shadow roots, made by the page, in which *selector* matches."""
    try:
        if not await _has_any(page, deadline):
            return ()
        tree = await page.guard(page.cdp.send("DOM.getDocument", {"depth": -1, "pierce": True}), deadline)
        try:
            found = []
            for host, root in _closed(tree["root"]):
                if number := await _matches(page, root, selector, deadline):
                    found.append(ClosedRoot(await _selector_of(page, host, deadline), number))
            return tuple(found)
        finally:
            # Otherwise each change of the document is told from now on.
            await page.guard(page.cdp.send("DOM.disable"), deadline)
    except UNANSWERED as exc:
        log.debug("closed shadow roots were not searched: %s", type(exc).__name__)
        return ()


async def _has_any(page: ManagedPage, deadline: Deadline) -> bool:
    elements = await page.evaluate(_COUNT, deadline=deadline)
    if not _FEW_ELEMENTS < elements <= _MAX_ELEMENTS:
        # The tree of a small page is there as soon as its markup.
        return bool(elements <= _FEW_ELEMENTS)
    document = await page.guard(page.cdp.send("Runtime.evaluate", {"expression": "document"}), deadline)
    written = await page.guard(
        page.cdp.send(
            "DOM.getOuterHTML", {"objectId": document["result"]["objectId"], "includeShadowDOM": True}
        ),
        deadline,
    )
    return _MARK in written["outerHTML"]


def _closed(root: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    found: list[tuple[dict[str, Any], dict[str, Any]]] = []
    waiting = [root]
    while waiting and len(found) < _MAX_ROOTS:
        node = waiting.pop(0)
        for shadow in node.get("shadowRoots", ()):
            # Those of the browser's own controls are "user-agent".
            if shadow.get("shadowRootType") == "closed":
                found.append((node, shadow))
            if shadow.get("shadowRootType") != "user-agent":
                waiting.append(shadow)
        waiting += node.get("children", ())
    return found


async def _matches(page: ManagedPage, root: dict[str, Any], selector: str, deadline: Deadline) -> int:
    try:
        reply = await page.guard(
            page.cdp.send("DOM.querySelectorAll", {"nodeId": root["nodeId"], "selector": selector}), deadline
        )
        return len(reply["nodeIds"])
    except PlaywrightError as exc:
        log.debug("not plain CSS: %s", exc.message.partition("\n")[0][:100])
    for pattern in _BY_TEXT:
        found = pattern.match(selector[:300])
        if found:
            css = found.groupdict().get("css") or ""
            return int(
                await _call(page, root, _TEXT_IN, (_ROLES.get(css, css), found["text"]), deadline) or 0
            )
    return 0


async def _selector_of(page: ManagedPage, host: dict[str, Any], deadline: Deadline) -> str:
    return str(await _call(page, host, SELECTOR_OF, (), deadline) or host["localName"])


async def _call(
    page: ManagedPage, node: dict[str, Any], function: str, arguments: tuple[str, ...], deadline: Deadline
) -> Any:
    resolved = await page.guard(page.cdp.send("DOM.resolveNode", {"nodeId": node["nodeId"]}), deadline)
    reply = await page.guard(
        page.cdp.send(
            "Runtime.callFunctionOn",
            {
                "objectId": resolved["object"]["objectId"],
                "functionDeclaration": function,
                "arguments": [{"value": argument} for argument in arguments],
                "returnByValue": True,
            },
        ),
        deadline,
    )
    return reply["result"].get("value")
