"""Book covers as SVG, drawn from the book's own data so that they never change."""

import math
import random
import textwrap
import unicodedata
from collections.abc import Callable
from html import escape
from typing import NamedTuple

from cmdop_browser.demo.catalog import Product

WIDTH, HEIGHT = 300, 440
MARGIN = 28
EM_PER_LETTER = 0.66  # of a bold serif, on the wide side


class Palette(NamedTuple):
    """Colours of one cover."""

    ground: str
    first: str
    second: str
    ink: str


PALETTES: dict[str, tuple[Palette, ...]] = {
    "Fiction": (
        Palette("#20304f", "#e9b44c", "#c8553d", "#fbf3e4"),
        Palette("#f2e3cf", "#c8553d", "#28536b", "#2a2320"),
    ),
    "Mystery": (
        Palette("#17181d", "#a4243b", "#5f6b7a", "#f3efe6"),
        Palette("#3b1f2b", "#db5461", "#8aa29e", "#fbeee6"),
    ),
    "Science": (
        Palette("#0f4c5c", "#9ad1d4", "#f4d58d", "#f4fbfb"),
        Palette("#e7f0ee", "#0f766e", "#e09f3e", "#12322f"),
    ),
    "Travel": (
        Palette("#f4d9a6", "#2a6f97", "#d1495b", "#22303a"),
        Palette("#2a6f97", "#f4d9a6", "#edae49", "#fdf8ee"),
    ),
    "Poetry": (
        Palette("#efe4ee", "#7d5ba6", "#e98a98", "#2f2340"),
        Palette("#4b3b6b", "#e98a98", "#f3d9b1", "#fbf4fa"),
    ),
    "Kitchen": (
        Palette("#fbefdc", "#d9622b", "#6a8d3f", "#3a2a1c"),
        Palette("#4f6d32", "#f2c14e", "#f78154", "#fdf7e8"),
    ),
}


def cover(product: Product) -> str:
    """Draw the cover of *product*."""
    chance = random.Random(product.slug)  # noqa: S311 - decoration, and the same each time
    palette = chance.choice(PALETTES[product.category])
    figure = chance.choice(FIGURES)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-label="{escape(product.title)}">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{palette.ground}"/>'
        f"{figure(chance, palette)}{_lettering(product, palette)}"
        f'<rect width="10" height="{HEIGHT}" fill="#000" opacity=".12"/>'
        f'<rect x="10" width="2" height="{HEIGHT}" fill="#fff" opacity=".18"/></svg>'
    )


def _moons(chance: random.Random, palette: Palette) -> str:
    x, y, radius = chance.randint(90, 210), chance.randint(290, 350), chance.randint(70, 105)
    return (
        f'<circle cx="{x}" cy="{y}" r="{radius}" fill="{palette.first}"/>'
        f'<circle cx="{x + radius * 0.45:.0f}" cy="{y - radius * 0.3:.0f}" r="{radius * 0.72:.0f}" '
        f'fill="{palette.second}" opacity=".9"/>'
    )


def _hills(chance: random.Random, palette: Palette) -> str:
    layers = []
    for layer, colour in enumerate((palette.second, palette.first, palette.second)):
        base, swing, phase = 285 + layer * 48, chance.randint(14, 30), chance.random() * 6
        points = " ".join(
            f"{x},{base + swing * math.sin(x / (38 + layer * 13) + phase):.0f}"
            for x in range(0, WIDTH + 10, 10)
        )
        layers.append(
            f'<polygon points="0,{HEIGHT} {points} {WIDTH},{HEIGHT}" fill="{colour}" '
            f'opacity="{0.55 + layer * 0.2:.2f}"/>'
        )
    return "".join(layers)


def _tiles(chance: random.Random, palette: Palette) -> str:
    size, tiles = 50, []
    for row in range(3):
        for column in range(6):
            colour = chance.choice((palette.first, palette.second, palette.ground))
            x, y, turn = column * size, 262 + row * size, chance.choice((0, 90, 180, 270))
            tiles.append(
                f'<path d="M0 0H{size}A{size} {size} 0 0 1 0 {size}Z" fill="{colour}" '
                f'transform="translate({x} {y}) rotate({turn} {size // 2} {size // 2})"/>'
            )
    return "".join(tiles)


def _rays(chance: random.Random, palette: Palette) -> str:
    x, rays = chance.randint(80, 220), []
    for step in range(18):
        start, end = step * 20, step * 20 + 10
        corners = " ".join(
            f"{x + 420 * math.cos(math.radians(angle)):.0f},{360 + 420 * math.sin(math.radians(angle)):.0f}"
            for angle in (start, end)
        )
        rays.append(f'<polygon points="{x},360 {corners}" fill="{palette.first}" opacity=".28"/>')
    return "".join(rays) + f'<circle cx="{x}" cy="360" r="58" fill="{palette.second}"/>'


def _stripes(chance: random.Random, palette: Palette) -> str:
    y, bands = 258, []
    while y < HEIGHT - 46:
        height = chance.randint(6, 26)
        bands.append(
            f'<rect y="{y}" width="{chance.randint(110, WIDTH)}" height="{height}" rx="{height / 2:g}" '
            f'fill="{chance.choice((palette.first, palette.second))}"/>'
        )
        y += height + 8
    return "".join(bands)


def _dots(chance: random.Random, palette: Palette) -> str:
    return "".join(
        f'<circle cx="{30 + column * 30}" cy="{270 + row * 30}" r="{chance.randint(3, 13)}" '
        f'fill="{chance.choice((palette.first, palette.second))}"/>'
        for row in range(5)
        for column in range(9)
    )


FIGURES: tuple[Callable[[random.Random, Palette], str], ...] = (
    _moons,
    _hills,
    _tiles,
    _rays,
    _stripes,
    _dots,
)


def _lettering(product: Product, palette: Palette) -> str:
    size, lines = _fitted(product.title)
    spans = "".join(
        f'<tspan x="{MARGIN}" dy="{0 if index == 0 else size * 1.14:.0f}">{escape(line)}</tspan>'
        for index, line in enumerate(lines)
    )
    return (
        f'<g fill="{palette.ink}"><text x="{MARGIN}" y="42" font-size="13" letter-spacing="2" opacity=".85" '
        f"font-family=\"system-ui, 'DejaVu Sans', sans-serif\">{escape(product.author.upper())}</text>"
        f'<text y="{60 + size}" font-size="{size}" font-weight="700" '
        f"font-family=\"'Iowan Old Style', Palatino, Georgia, 'DejaVu Serif', serif\">{spans}</text></g>"
    )


def _fitted(title: str) -> tuple[int, list[str]]:
    """Find the largest lettering in which *title* fits on few lines, and those lines."""
    for size in (38, 34, 30, 26):
        width = int((WIDTH - MARGIN - 12) / (size * EM_PER_LETTER))
        lines = textwrap.wrap(title, width, break_long_words=False)
        if len(lines) <= 4 and max(map(_columns, lines)) <= width:
            return size, lines
    return 22, textwrap.wrap(title, 17)


def _columns(text: str) -> int:
    """Count *text* as wide as it is drawn: a CJK letter takes the room of two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
