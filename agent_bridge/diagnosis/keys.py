"""The names of keys that `press` knows, and those near a name that it does not."""

from __future__ import annotations

from typing import Final

from rapidfuzz import fuzz, process

# The American layout of Playwright's driver, which has no list of its keys to ask
# for; a test compares the two.
_NAMED: Final = (
    *(f"F{number}" for number in range(1, 13)),
    *(f"Digit{digit}" for digit in range(10)),
    *(f"Key{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    *(f"Numpad{digit}" for digit in range(10)),
    *(f"Numpad{name}" for name in ("Divide", "Multiply", "Subtract", "Add", "Decimal", "Enter")),
    *(f"Arrow{side}" for side in ("Left", "Up", "Right", "Down")),
    *(f"{name}{side}" for name in ("Shift", "Control", "Alt", "Meta") for side in ("", "Left", "Right")),
    *(f"AudioVolume{what}" for what in ("Mute", "Down", "Up")),
    *("MediaTrackNext", "MediaTrackPrevious", "MediaPlayPause"),
    *("Escape", "Tab", "CapsLock", "Enter", "Backspace", "Space", "AltGraph", "ContextMenu", "ControlOrMeta"),
    *("PrintScreen", "ScrollLock", "NumLock", "Pause"),
    *("PageUp", "PageDown", "Insert", "Delete", "Home", "End"),
    *("Backquote", "Minus", "Equal", "Backslash", "BracketLeft", "BracketRight"),
    *("Semicolon", "Quote", "Comma", "Period", "Slash"),
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_SIGNS_OF_KEYS = " \n\r`~!@#$%^&*()-_=+[{]}\\|;:'\",<.>/?0123456789"
KEYS: Final = frozenset((*_NAMED, *_LETTERS, *_LETTERS.upper(), *_SIGNS_OF_KEYS))
# What other tools and other people call them.
_ALSO_CALLED: Final = {
    "return": "Enter",
    "esc": "Escape",
    "ctrl": "Control",
    "ctl": "Control",
    "cmd": "Meta",
    "command": "Meta",
    "win": "Meta",
    "windows": "Meta",
    "super": "Meta",
    "opt": "Alt",
    "option": "Alt",
    "del": "Delete",
    "ins": "Insert",
    "pgup": "PageUp",
    "pgdn": "PageDown",
    "pgdown": "PageDown",
    "up": "ArrowUp",
    "down": "ArrowDown",
    "left": "ArrowLeft",
    "right": "ArrowRight",
    "spacebar": "Space",
    "plus": "+",
    "bksp": "Backspace",
    "caps": "CapsLock",
    "menu": "ContextMenu",
    "apps": "ContextMenu",
    "printscr": "PrintScreen",
    "prtsc": "PrintScreen",
}
_NEAR_ENOUGH = 60.0
_MAX_NAMES = 3
_LONGEST = 60


def parts_of(combination: str) -> list[str]:
    """Split at each plus that joins keys; one that stands first is the key itself."""
    keys, building = [], ""
    for character in combination:
        if character == "+" and building:
            keys.append(building)
            building = ""
        else:
            building += character
    return [*keys, building]


def unknown_key(combination: str) -> str | None:
    """Return the first key of a combination that does not exist; None when all do."""
    return next((key for key in parts_of(combination) if key not in KEYS), None)


def near_keys(combination: str) -> tuple[str, ...]:
    """Return combinations with the unknown keys replaced by those with the nearest names, best first."""
    parts = parts_of(combination[:_LONGEST])
    near = [_near_names(key) if key not in KEYS else (key,) for key in parts]
    if not all(near):
        return ()
    # The best name for all but one key, which then takes each of its names in turn.
    found: dict[str, None] = {}
    for place, names in enumerate(near):
        for name in names:
            found["+".join(name if at == place else other[0] for at, other in enumerate(near))] = None
    return tuple(found)[:_MAX_NAMES]


def _near_names(key: str) -> tuple[str, ...]:
    plain = key.replace("_", "").replace("-", "").replace(" ", "").casefold()
    if not plain:
        return ()
    if plain in _ALSO_CALLED:
        return (_ALSO_CALLED[plain],)
    same = [name for name in _NAMED if name.casefold() == plain]
    if same:
        return tuple(same)
    names = process.extract(
        plain, _NAMED, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_NEAR_ENOUGH, limit=_MAX_NAMES
    )
    return tuple(name for name, _score, _at in names)
