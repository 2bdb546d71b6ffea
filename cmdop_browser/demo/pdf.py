"""A PDF of plain lines, without a library: enough for a price list that can be downloaded."""

from collections.abc import Sequence

_A4 = (595, 842)
_LINES_PER_PAGE = 46
_LEADING = 16


def document(title: str, lines: Sequence[str]) -> bytes:
    """Set *lines* in Helvetica on as many A4 pages as they need.

    The standard fonts know Western European letters only; others are printed as ``?``.
    """
    pages = [lines[start : start + _LINES_PER_PAGE] for start in range(0, len(lines), _LINES_PER_PAGE)] or [
        ()
    ]
    first_page = 4  # after the catalog, the page tree and the font
    kids = " ".join(f"{first_page + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for index, page in enumerate(pages):
        contents = first_page + 2 * index + 1
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_A4[0]} {_A4[1]}] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {contents} 0 R >>".encode()
        )
        objects.append(_stream(_page_text(title, page)))
    return _assemble(objects)


def _page_text(title: str, lines: Sequence[str]) -> bytes:
    text = [b"BT /F1 15 Tf 56 786 Td ", _literal(title), b" Tj /F1 10 Tf 0 -14 Td\n"]
    for line in lines:
        text += [b"0 -%d Td " % _LEADING, _literal(line), b" Tj\n"]
    return b"".join([*text, b"ET"])


def _literal(text: str) -> bytes:
    encoded = text.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        encoded = encoded.replace(special, b"\\" + special)
    return b"(" + encoded + b")"


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _assemble(objects: Sequence[bytes]) -> bytes:
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)
