"""Prints the one-page book as a PDF, with the Chromium that is on the machine.

Chromium keeps links and makes the outline from the headings. Two things are left to do: what is
too wide for the paper is made smaller before, and the author is written into the file after.
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path

from playwright.sync_api import sync_playwright
from pypdf import PdfWriter

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTH = 658  # pixels between the margins of A4: 174 mm at 96 to the inch
FOOT = (
    '<div style="width:100%;text-align:center;font:9px sans-serif;color:#4f5b67">'
    '<span class="pageNumber"></span></div>'
)
# What paper cannot scroll gets smaller: formulas and tables, down to the width of the page.
FIT = """async () => {
  for (const box of document.querySelectorAll("details")) box.open = true;
  if (window.MathJax?.startup) {
    await MathJax.startup.promise;
    await MathJax.startup.document.lazyTypesetAll?.();
  }
  await document.fonts.ready;
  const wide = "div.math, .pst-scrollable-table-container, .cell_output > div, p > mjx-container";
  const measured = [...document.querySelectorAll(wide)].map((box) => {
    const inner = box.querySelector(":scope > mjx-container, table") ?? box;
    return [inner, Math.max(box.scrollWidth, inner.scrollWidth), box.clientWidth];
  }); // all measured before any is changed: one layout of the whole book, not thousands
  for (const [inner, need, room] of measured) {
    if (room && need > room + 1) inner.style.zoom = Math.max(room / need - 0.01, 0.4);
  }
  await Promise.all([...document.images].map((image) => image.decode().catch(() => 0)));
}"""


def chromium() -> str:
    """Return the path of the browser.

    Raises:
        FileNotFoundError: if there is none.
    """
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise FileNotFoundError("no Chromium: install `chromium` to print the book")
    return found


def print_page(page: Path, target: Path, author: str = "AttnRec authors") -> None:
    """Print one HTML file as A4, with outline, tags and page numbers."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": WIDTH, "height": 1000}, color_scheme="light")
        tab.set_default_timeout(0)
        tab.emulate_media(media="print", color_scheme="light")
        tab.goto(page.resolve().as_uri(), wait_until="load")
        tab.evaluate(FIT)
        pdf = tab.pdf(
            format="A4", margin={"top": "18mm", "bottom": "20mm", "left": "18mm", "right": "18mm"},
            display_header_footer=True, header_template="<span></span>", footer_template=FOOT,
            print_background=True, outline=True, tagged=True,
        )  # fmt: skip
        browser.close()
    writer = PdfWriter(BytesIO(pdf), incremental=True)  # the file as it is, and one entry more
    writer.add_metadata({"/Author": author})
    writer.write(target)
