from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import pytest

from cmdop_browser.exceptions import BrowserElementNotFoundError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.site import WebSite


def _size(png: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", png[16:24])
    return width, height


async def test_a_picture_of_what_is_in_view(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    image = await session.screenshot()
    assert image.startswith(b"\x89PNG")
    assert _size(image) == (1280, 720)
    assert image._repr_png_() == image
    assert "PNG" not in repr(image)
    assert f"{len(image):,}" in str(image)


async def test_a_picture_of_an_element_and_of_the_whole_page(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/mouse.html"))
    assert _size(await session.screenshot("#pad")) == (300, 200)
    assert _size(await session.screenshot(full_page=True))[1] > 3000
    jpeg = await session.screenshot(format="jpeg")
    assert jpeg.startswith(b"\xff\xd8")
    assert jpeg._repr_jpeg_() == jpeg
    assert jpeg._repr_png_() is None


async def test_pictures_and_documents_go_to_files(session: Any, site: WebSite, tmp_path: Path) -> None:
    await session.navigate(site.at("/plain.html"))
    image = await session.screenshot(path=tmp_path / "page.png")
    document = await session.pdf(tmp_path / "page.pdf")
    assert (tmp_path / "page.png").read_bytes() == image
    assert (tmp_path / "page.pdf").read_bytes() == document
    assert document.startswith(b"%PDF-")


async def test_a_picture_of_nothing(session: Any, site: WebSite) -> None:
    await session.navigate(site.at("/plain.html"))
    with pytest.raises(BrowserElementNotFoundError):
        await session.screenshot("#nope", timeout=0.5)
