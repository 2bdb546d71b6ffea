"""The functions that read a page, in JavaScript.

Each query function takes `(elements, argument, limit)`, so that it serves both
ways of finding elements. What it returns travels as one string: JSON made in the
page is the cheapest form that DevTools carries.
"""

from __future__ import annotations

from typing import Final

# The selector is none that the document itself understands, or there are shadow
# roots, which Playwright's selectors pierce and the document's do not.
ASK_PLAYWRIGHT: Final = "cmdop:ask-playwright"

_SHARED: Final = """
const bounded = (text, limit) => (text.length > limit ? { tooLarge: text.length } : text);
const rendered = (element) =>
  typeof element.innerText === 'string' ? element.innerText : element.textContent || '';
"""


def query(function: str) -> str:
    """Return a function `(selector, argument, limit)` that finds by CSS and applies *function*."""
    return f"""(selector, argument, limit) => {{
  {_SHARED}
  let found;
  try {{
    found = document.querySelectorAll(selector);
  }} catch {{
    return '{ASK_PLAYWRIGHT}';
  }}
  for (const element of document.querySelectorAll('*')) {{
    if (element.shadowRoot) return '{ASK_PLAYWRIGHT}';
  }}
  return ({function})(Array.from(found), argument, limit);
}}"""


def with_argument(function: str) -> str:
    """Return *function* in the form that Playwright calls: elements, then one argument."""
    return f"""(elements, [argument, limit]) => {{
  {_SHARED}
  return ({function})(elements, argument, limit);
}}"""


def _document(body: str) -> str:
    return f"(limit) => {{ {_SHARED} {body} }}"


# Equal to what Playwright's content() returns.
DOCUMENT_HTML: Final = _document(
    """
  let html = document.doctype ? new XMLSerializer().serializeToString(document.doctype) : '';
  if (document.documentElement) html += document.documentElement.outerHTML;
  return bounded(html, limit);
"""
)

DOCUMENT_TEXT: Final = _document(
    """
  const root = document.body || document.documentElement;
  return bounded(root ? rendered(root) : '', limit);
"""
)

DOCUMENT_TITLE: Final = _document("return bounded(document.title, limit);")

LINKS: Final = _document(
    """
  const urls = new Set();
  for (const link of document.links) {
    const url = typeof link.href === 'string' ? link.href : link.href.baseVal;
    if (/^https?:/.test(url)) urls.add(url);
  }
  return bounded(JSON.stringify(Array.from(urls)), limit);
"""
)

COUNT: Final = "(elements) => elements.length"

FIRST_HTML: Final = "(elements, _, limit) => (elements.length ? bounded(elements[0].outerHTML, limit) : null)"

FIRST_TEXT: Final = "(elements, _, limit) => (elements.length ? bounded(rendered(elements[0]), limit) : null)"

ATTRIBUTES: Final = """(elements, name, limit) =>
  bounded(
    JSON.stringify(elements.filter((e) => e.hasAttribute(name)).map((e) => e.getAttribute(name))),
    limit,
  )"""

# Nested matches repeat their inner HTML: the sum is checked as it grows, or
# select('*') on a deep page would take the renderer's whole memory.
ELEMENTS: Final = """(elements, _, limit) => {
  const records = [];
  let size = 0;
  for (const element of elements) {
    const record = {
      tag: element.localName,
      text: rendered(element),
      html: element.outerHTML,
      attrs: Object.fromEntries(Array.from(element.attributes, (a) => [a.name, a.value])),
    };
    size += record.text.length + record.html.length;
    if (size > limit) return { tooLarge: size };
    records.push(record);
  }
  return bounded(JSON.stringify(records), limit);
}"""

# Header cells name the columns. A cell that spans several columns or rows counts
# in each of them; a name that stands twice gets a number, a missing one is made up.
TABLE: Final = """(elements, _, limit) => {
  if (!elements.length) return null;
  const table = elements[0];
  if (table.localName !== 'table') return { notTable: table.localName };
  const text = (cell) => rendered(cell).replace(/\\s+/g, ' ').trim();
  const grid = [];
  const rows = Array.from(table.rows);
  rows.forEach((row, y) => {
    grid[y] = grid[y] || [];
    let x = 0;
    for (const cell of row.cells) {
      while (grid[y][x] !== undefined) x += 1;
      const down = cell.rowSpan || rows.length - y;
      for (let dy = 0; dy < down && y + dy < rows.length; dy += 1) {
        grid[y + dy] = grid[y + dy] || [];
        for (let dx = 0; dx < cell.colSpan; dx += 1) grid[y + dy][x + dx] = text(cell);
      }
      x += cell.colSpan;
    }
  });
  const isHeader = (row) =>
    row.parentElement.localName === 'thead' ||
    (row.cells.length > 0 && Array.from(row.cells).every((cell) => cell.localName === 'th'));
  let headers = 0;
  while (headers < rows.length && isHeader(rows[headers])) headers += 1;
  const width = Math.max(0, ...grid.map((row) => row.length));
  const seen = new Map();
  const names = [];
  for (let x = 0; x < width; x += 1) {
    const parts = [];
    for (let y = 0; y < headers; y += 1) {
      const part = grid[y][x];
      if (part && parts.at(-1) !== part) parts.push(part);
    }
    const base = parts.join(' ') || `column_${x + 1}`;
    const times = (seen.get(base) || 0) + 1;
    seen.set(base, times);
    names.push(times === 1 ? base : `${base}_${times}`);
  }
  const records = grid
    .slice(headers)
    .filter((row) => row.some((cell) => cell !== undefined))
    .map((row) => Object.fromEntries(names.map((name, x) => [name, row[x] ?? ''])));
  return bounded(JSON.stringify(records), limit);
}"""
