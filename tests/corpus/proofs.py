"""What must be true of a page for a cause to be the right one, asked of the page itself before the call."""

from __future__ import annotations

from typing import Final

from cmdop_browser.exceptions import ElementCause

# The first match, also inside open shadow roots, where CSS looks too.
FIND: Final = """const find = (css, root = document) => {
    const here = root.querySelector(css);
    if (here) return here;
    for (const host of root.querySelectorAll('*')) {
        const inside = host.shadowRoot && find(css, host.shadowRoot);
        if (inside) return inside;
    }
    return null;
};"""

_FIRST: Final = f"{FIND} const e = find(css); if (!e) return `nothing matches ${{css}}`;"
_NONE: Final = f"{FIND} return find(css) ? `something matches ${{css}}` : ''"

# Each is the body of a function of the CSS selector, and returns what is wrong with the page. None is for
# `WRONG_PAGE`: a script that the caller runs on the page where it was taken accepts that page.
PROOFS: Final = {
    ElementCause.HIDDEN: f"{_FIRST} return e.checkVisibility({{visibilityProperty: true}}) ? 'visible' : ''",
    ElementCause.ZERO_SIZE: f"""{_FIRST}
        if (!e.checkVisibility({{visibilityProperty: true}})) return 'not visible';
        const box = e.getBoundingClientRect();
        return box.width && box.height ? 'it has a size' : ''""",
    ElementCause.DISABLED: f"""{_FIRST}
        if (e.tagName === 'SELECT' && !e.disabled)
            return e.querySelector('option:disabled') ? '' : 'all options are enabled';
        return e.matches(':disabled') || e.closest('[inert], [aria-disabled=true]')
            || getComputedStyle(e).pointerEvents === 'none' ? '' : 'it is enabled'""",
    ElementCause.READONLY: f"{_FIRST} return e.readOnly && !e.disabled ? '' : 'it is not readonly'",
    ElementCause.COVERED: f"""{_FIRST}
        if (!e.checkVisibility({{visibilityProperty: true}})) return 'not visible';
        if (getComputedStyle(e).pointerEvents === 'none') return 'deaf to pointers';
        e.scrollIntoView({{block: 'center', behavior: 'instant'}});
        const box = e.getBoundingClientRect();
        const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return !there ? 'its middle is out of view' : e.contains(there) ? 'nothing covers it' : ''""",
    ElementCause.OUTSIDE_VIEWPORT: f"""{_FIRST}
        e.scrollIntoView({{block: 'center', inline: 'center', behavior: 'instant'}});
        const box = e.getBoundingClientRect();
        if (!box.width || !box.height) return 'it has no size';
        return box.right <= 0 || box.bottom <= 0 || box.left >= innerWidth || box.top >= innerHeight
            ? '' : 'it is in view'""",
    ElementCause.MOVING: f"""{_FIRST}
        const frame = () => new Promise(requestAnimationFrame);
        return (async () => {{
            await frame();
            const before = e.getBoundingClientRect();
            for (let i = 0; i < 4; i++) await frame();
            const after = e.getBoundingClientRect();
            return before.x === after.x && before.y === after.y ? 'it is at rest' : '';
        }})()""",
    ElementCause.AMBIGUOUS: """const count = document.querySelectorAll(css).length;
        return count > 1 ? '' : `${count} match`""",
    ElementCause.WRONG_TYPE: f"{_FIRST} return ''",
    ElementCause.NO_SUCH_OPTION: f"{_FIRST} return e.tagName === 'SELECT' ? '' : e.tagName",
} | dict.fromkeys(
    (
        ElementCause.NO_MATCH,
        ElementCause.IN_IFRAME,
        ElementCause.IN_CLOSED_SHADOW_ROOT,
        ElementCause.PAGE_LOADING,
        ElementCause.ERROR_PAGE,
        ElementCause.LOGIN_WALL,
        ElementCause.CONSENT_WALL,
        ElementCause.CHALLENGE,
        ElementCause.SCRIPT_DISABLED,
    ),
    _NONE,
)

# For a near miss: the one that was meant is there, and what was asked for is not.
TYPO: Final = f"""([asked, meant]) => {{
    {FIND}
    try {{
        if (find(asked)) return `something matches ${{asked}}`;
    }} catch {{}}
    return find(meant) ? '' : `nothing matches ${{meant}}`;
}}"""


def proof(cause: ElementCause | None) -> str | None:
    """Return a function of CSS that says what is wrong with the page, None when there is nothing to ask."""
    body = PROOFS.get(cause) if cause else None
    return f"(css) => {{ {body} }}" if body else None
