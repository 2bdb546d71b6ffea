"""What holds for every page of the shop."""

import pytest
from playwright.async_api import Page

PATHS = [
    "/",
    "/books",
    "/browse",
    "/stream",
    "/books/untitled",
    "/search?q=tide",
    "/login",
    "/basket",
    "/slow?seconds=0",
    "/reading-room",
    "/visit",
    "/visit/hours",
    "/downloads",
    "/no-such-page",
]

# The rules of thumb that need no judgement: names for controls and images, headings in order.
FINDINGS = """() => {
  const found = [];
  const all = (css) => [...document.querySelectorAll(css)];
  const named = (node) => node.innerText || node.ariaLabel || node.querySelector("img[alt]:not([alt=''])");
  if (!document.documentElement.lang) found.push("no language");
  if (!document.title) found.push("no title");
  for (const field of all("input:not([type=hidden]), select, textarea"))
    if (!field.labels.length && !field.ariaLabel) found.push(`no label: ${field.outerHTML}`);
  for (const image of all("img"))
    if (image.getAttribute("alt") === null) found.push(`no alt: ${image.src}`);
  for (const link of all("a, button"))
    if (!link.closest("[aria-hidden=true]") && !named(link)) found.push(`no name: ${link.outerHTML}`);
  for (const frame of all("iframe")) if (!frame.title) found.push("frame without title");
  const ids = all("[id]").map((element) => element.id);
  for (const id of new Set(ids)) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`id twice: ${id}`);
  let level = 0;
  for (const heading of all("h1, h2, h3, h4")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) found.push(`heading skips a level: ${heading.textContent}`);
    level = own;
  }
  return found;
}"""
OVERFLOW = "() => document.documentElement.scrollWidth - innerWidth"
ALL_DRAWN = """() => {
  const images = [...document.querySelectorAll("#books img")];
  return images.length === 60 && images.every((image) => image.complete && image.naturalWidth === 300);
}"""


@pytest.mark.parametrize("path", PATHS)
async def test_accessible_and_free_of_errors(page: Page, base_url: str, path: str) -> None:
    requested: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(f"{request.url}: {request.failure}"))
    await page.goto(path)
    await page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    if path == "/no-such-page":
        complaints = [text for text in complaints if "404" not in text]
    assert await page.evaluate(FINDINGS) == []
    assert complaints == []
    assert [url for url in requested if not url.startswith(base_url)] == []


@pytest.mark.parametrize("path", PATHS)
async def test_fits_a_phone(page: Page, path: str) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(path)
    await page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    assert await page.evaluate(OVERFLOW) <= 0


async def test_every_cover_is_drawn(page: Page) -> None:
    await page.set_viewport_size({"width": 1280, "height": 8000})
    await page.goto("/stream")
    await page.wait_for_function(ALL_DRAWN)


async def test_a_shelf_without_script_says_what_is_missing(page: Page, base_url: str) -> None:
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False, base_url=base_url)
    plain = await context.new_page()
    await plain.goto("/books")
    assert "scripts are off" in await plain.locator("noscript").inner_text()
    await context.close()
