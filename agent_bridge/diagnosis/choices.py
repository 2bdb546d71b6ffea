"""Which options of a list a call asks for, by the list itself.

Playwright says so too, unless the time runs out before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agent_bridge.diagnosis.facts import Scene

# Longer texts are cut when they are looked at: `options` in probe_scripts/elements.js.
_LONGEST: Final = 80


def is_disabled(scene: Scene) -> bool:
    """Whether an option that was to be selected is there, and disabled."""
    asked = _asked(scene)
    options = scene.element.options if scene.element is not None else ()
    return any(option.disabled and asked & {option.value, option.label} for option in options)


def is_missing(scene: Scene) -> bool:
    """Whether the list is known whole, and does not have what was to be selected."""
    element = scene.element
    if element is None or element.tag != "select" or element.more_options:
        return False
    known = {text for option in element.options for text in (option.value, option.label)}
    return any(asked not in known for asked in _asked(scene) if len(asked) < _LONGEST)


def _asked(scene: Scene) -> set[str]:
    return {" ".join(asked.split()) for asked in scene.call.options}
