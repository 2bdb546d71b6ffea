"""Ways into frames: how a selector gets to what is in one, and which frames show."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

from agent_bridge.browser.answers import Overdue
from agent_bridge.diagnosis import syntax

if TYPE_CHECKING:
    from playwright.async_api import Frame

    from agent_bridge.browser.page import ManagedPage
    from agent_bridge.deadline import Deadline

ENTER: Final = "internal:control=enter-frame"
INTO_FRAME: Final = f" >> {ENTER} >> "
# Pages are full of frames that only count visitors.
_MAX_LOOKED_AT: Final = 12
_NAMES: Final = resources.files(__package__).joinpath("probe_scripts", "names.js").read_text(encoding="utf-8")
_STATION: Final = f"""(element) => {{
  {_NAMES}
  const box = element.getBoundingClientRect();
  const shown = box.width > 10 && box.height > 10 && element.checkVisibility({{ visibilityProperty: true }});
  return {{ selector: selectorOf(element), shown }};
}}"""


def joined(*steps: str) -> str:
    """Return the selector that goes by *steps*, each but the last of which is a frame."""
    return INTO_FRAME.join(step for step in steps if step)


def split(selector: str) -> tuple[str, str]:
    """Return the way into a frame, "" without one, and the selector for what is in it."""
    parts = syntax.parts_of(selector)
    if ENTER not in parts:
        return "", selector
    last = len(parts) - 1 - parts[::-1].index(ENTER)
    return " >> ".join(parts[:last]), " >> ".join(parts[last + 1 :])


async def way_into(page: ManagedPage, frame: Frame, deadline: Deadline) -> list[str]:
    """Return the selectors of the frame elements that lead to *frame*, outermost first.

    Raises:
        Overdue: There was no time.
        PlaywrightError: The frame is gone.
    """
    stations = await asyncio.gather(*(_station(page, each, deadline) for each in _around(frame)))
    return [station.selector for station in stations]


async def shown_frames(page: ManagedPage, most: int, deadline: Deadline) -> list[tuple[Frame, str]]:
    """Return the first frames that show, each with the way into it.

    Raises:
        Overdue: There was no time.
    """
    frames = page.page.frames[1 : _MAX_LOOKED_AT + 1]
    asked = await asyncio.gather(
        *(_station(page, frame, deadline) for frame in frames), return_exceptions=True
    )
    stations = {
        frame: station for frame, station in zip(frames, asked, strict=True) if isinstance(station, _Station)
    }
    if not stations and any(isinstance(answer, Overdue) for answer in asked):
        raise Overdue
    shown: list[tuple[Frame, str]] = []
    for frame in stations:
        way = [stations.get(each, _NOWHERE) for each in _around(frame)]
        if all(station.is_shown and station.selector for station in way):
            shown.append((frame, joined(*(station.selector for station in way))))
    return shown[:most]


@dataclass(frozen=True, slots=True)
class _Station:
    """The element of a frame, as the document around it has it."""

    selector: str
    is_shown: bool


_NOWHERE: Final = _Station("", is_shown=False)


def _around(frame: Frame) -> list[Frame]:
    """Return *frame* and the frames around it, outermost first, without the page's own."""
    found: list[Frame] = []
    here: Frame | None = frame
    while here is not None and here.parent_frame is not None:
        found.insert(0, here)
        here = here.parent_frame
    return found


async def _station(page: ManagedPage, frame: Frame, deadline: Deadline) -> _Station:
    handle = await page.guard(frame.frame_element(), deadline)
    seen = await page.guard(handle.evaluate(_STATION), deadline)
    return _Station(str(seen["selector"]), bool(seen["shown"]))


async def frame_at(page: ManagedPage, way: str, deadline: Deadline) -> Frame | None:
    """Return the frame that *way* leads to; None when there is none."""
    elements = await page.guard(page.page.locator(way).element_handles(), deadline)
    return await page.guard(elements[0].content_frame(), deadline) if elements else None
