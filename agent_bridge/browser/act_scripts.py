"""What is run in the page around an act, where Playwright itself does not look whether it took effect."""

from __future__ import annotations

from typing import Final

# Numbers, dates, times, colours and ranges drop a text that is none of theirs without a word.
# (selector, text) => the type of the input that dropped it, null, or "ask".
REFUSED_TEXT: Final = """
(selector, text) => {
  let found;
  try {
    found = document.querySelectorAll(selector);
  } catch {
    return 'ask';
  }
  if (found.length !== 1) return found.length ? null : 'ask';
  const input = found[0].control || found[0];
  if (input.localName !== 'input') return null;
  const type = input.type;
  const dated = ['date', 'time', 'datetime-local', 'month', 'week'];
  if (dated.includes(type)) return input.value === '' ? type : null;
  if (type === 'number') return input.value === '' ? type : null;
  if (type === 'color') return input.value.toLowerCase() === text.toLowerCase() ? null : type;
  if (type === 'range') return Number(input.value) === Number(text) ? null : type;
  return null;
}
"""

# Before a click that skips Playwright's checks: note where the press arrives.
WATCH_PRESS: Final = """
(element) => {
  const watch = { arrived: null };
  const listener = (event) => {
    if (watch.arrived !== null || !event.isTrusted) return;
    watch.arrived = element.isConnected;
  };
  addEventListener('mousedown', listener, { capture: true });
  watch.stop = () => {
    removeEventListener('mousedown', listener, { capture: true });
    return watch.arrived;
  };
  return watch;
}
"""
PRESSED: Final = "(watch) => watch.stop()"
