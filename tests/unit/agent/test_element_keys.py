"""The keys there are, and those that were meant."""

from __future__ import annotations

import re
from pathlib import Path

import playwright
import pytest

from agent_bridge.diagnosis import keys

# Newer drivers know them; an older one refuses them itself, which is told as the same cause.
MEDIA = {
    "AudioVolumeDown",
    "AudioVolumeMute",
    "AudioVolumeUp",
    "MediaPlayPause",
    "MediaTrackNext",
    "MediaTrackPrevious",
}


def test_the_keys_are_those_of_the_driver() -> None:
    # In a file of its own, or in a bundle of all.
    library = Path(playwright.__file__).parent / "driver/package/lib"
    places = (library / "server/usKeyboardLayout.js", library / "coreBundle.js")
    source = next(place for place in places if place.exists()).read_text(encoding="utf-8")
    layout = source[source.index("USKeyboardLayout = {") :]
    layout = layout[: re.search(r"\n *};", layout).start()]  # type: ignore[union-attr]
    known = {"Shift", "Control", "Alt", "Meta", "\n", "\r", "ControlOrMeta"}
    for line in layout.splitlines():
        found = re.match(r'\s*"(\w+)": \{(.*)\}', line)
        if found is None:
            continue
        known.add(found.group(1))
        if '"location"' in found.group(2):
            continue
        for name in ("key", "shiftKey"):
            text = re.search(rf'"{name}": (?:"((?:\\.|[^"])*)"|\'(.*?)\')', found.group(2))
            if text is not None:
                value = (text.group(1) or text.group(2)).replace("\\\\", "\\")
                known |= {value} if len(value) == 1 else set()
    assert known | MEDIA == keys.KEYS


@pytest.mark.parametrize(
    "combination",
    ["Enter", "a", "+", "Control++", "Control+a", "Shift+ArrowDown", "ControlOrMeta+c", "é"[:0] or " "],
)
def test_keys_that_exist(combination: str) -> None:
    assert keys.unknown_key(combination) is None


@pytest.mark.parametrize(
    ("combination", "unknown", "meant"),
    [
        ("Entre", "Entre", "Enter"),
        ("enter", "enter", "Enter"),
        ("ENTER", "ENTER", "Enter"),
        ("Return", "Return", "Enter"),
        ("Esc", "Esc", "Escape"),
        ("Ctrl+a", "Ctrl", "Control+a"),
        ("Cmd+Shift+p", "Cmd", "Meta+Shift+p"),
        ("Control+Entr", "Entr", "Control+Enter"),
        ("ArrowDwn", "ArrowDwn", "ArrowDown"),
        ("Page_Down", "Page_Down", "PageDown"),
        ("Down", "Down", "ArrowDown"),
        ("F13", "F13", "F1"),
    ],
)
def test_names_that_were_meant(combination: str, unknown: str, meant: str) -> None:
    assert keys.unknown_key(combination) == unknown
    assert keys.near_keys(combination)[0] == meant


@pytest.mark.parametrize("combination", ["", "Control+", "€", "x" * 100_000])
def test_names_that_mean_nothing(combination: str) -> None:
    assert keys.unknown_key(combination) is not None
    assert keys.near_keys(combination) == ()
