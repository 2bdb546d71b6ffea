"""The soak tells a leak from warming up."""

from __future__ import annotations

import pytest

from chaos.growth import Growth, Sample

MIB = 2**20


def life(pages: int, *, leak: float = 0.0, began: int = 0, warming: bool = True) -> list[Sample]:
    """An agent that leaks so many bytes a page, after what every agent takes."""
    return [
        Sample(began + shown, int(80 * MIB + leak * shown + (min(6 * MIB, shown * 15_000) if warming else 0)))
        for shown in range(0, pages, 10)
    ]


def test_warming_up_is_no_growth() -> None:
    growth = Growth.over([life(2000), life(2000, began=2000)])
    assert growth is not None
    assert growth.mib_per_1000_pages == pytest.approx(0.0, abs=0.01)
    assert growth.pages == 2 * 1490


def test_a_leak_is() -> None:
    growth = Growth.over([life(1500, leak=8 * 1024), life(300, leak=0, began=1500)])
    assert growth is not None
    assert growth.mib_per_1000_pages == pytest.approx(7.8, abs=0.1)


def test_short_lives_tell_nothing() -> None:
    assert Growth.over([life(900), life(1200, began=900), []]) is None
