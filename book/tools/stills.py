"""Draws the stills of the moving figures: ``make stills``.

The still is what the figure shows first, taken from the built page by a headless Chromium, so that
the notebook, the paper and a browser without scripts show the same picture as the site.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from html import escape
from pathlib import Path

import nbformat
from build import ROOT, build
from execute import notebooks
from playwright.sync_api import Page, sync_playwright

NAME = re.compile(r"\{figure\} figures/moving-([\w-]+)\.svg")
BLANK = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 300"><title>-</title></svg>\n'
# The drawing without what only a live page needs, attributes in order.
SERIALISE = """
(svg) => {
  const live = /^(aria-|data-)|^(role|tabindex|class|style)$/;
  const write = (node, depth) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/&/g, "&amp;").replace(/</g, "&lt;");
    const kept = [...node.attributes].filter((a) => !live.test(a.name));
    const text = kept.map((a) => ` ${a.name}="${a.value.replace(/&/g, "&amp;").replace(/"/g, "&quot;")}"`);
    const inside = [...node.childNodes].map((child) => write(child, depth + 1)).join("");
    const gap = node.firstElementChild && node.localName !== "text" ? "\\n" + "  ".repeat(depth) : "";
    const lead = node.parentNode.localName === "text" ? "" : "\\n" + "  ".repeat(depth);
    return `${lead}<${node.localName}${text.sort().join("")}` + (inside ? `>${inside}${gap}</${node.localName}>` : "/>");
  };
  return [...svg.children].map((child) => write(child, 1)).join("");
}
"""  # noqa: E501


def placed(root: Path) -> Iterator[tuple[str, str]]:
    """Yield the chapter and the name of every moving figure."""
    for path in notebooks(root):
        for cell in nbformat.read(path, as_version=4).cells:
            for name in NAME.findall(cell.source if cell.cell_type == "markdown" else ""):
                yield path.stem, name


def still(page: Page, name: str) -> str:
    """Return the still of a figure as it stands in an opened page.

    Args:
        page: a page of the site, its scripts run.
        name: of the figure.
    """
    page.wait_for_selector(f"figure[data-moving]:has(script[data-moving='{name}'])")
    svg = page.locator(f"figure:has(script[data-moving='{name}']) > svg.moving-svg")
    box, said = svg.get_attribute("viewBox") or "", svg.get_attribute("aria-label") or ""
    width, height = box.split()[2:]
    fonts = svg.get_attribute("font-family") or ""
    ink, size = svg.get_attribute("fill"), svg.get_attribute("font-size")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" width="{width}" height="{height}"'
        f' role="img" aria-labelledby="t d" font-family="{fonts}" font-size="{size}" fill="{ink}">'
        f'\n  <title id="t">{escape(said.partition(". ")[0].rstrip("."))}</title>'
        f'\n  <desc id="d">{escape(said)}</desc>{svg.evaluate(SERIALISE)}\n</svg>\n'
    )


def main() -> int:
    """Build the site, draw every still from it, write those that differ."""
    figures = ROOT / "book" / "figures"
    for _, name in placed(ROOT):
        path = figures / f"moving-{name}.svg"
        if not path.exists():
            path.write_text(BLANK, encoding="utf8")
    if code := build(ROOT):
        return code
    chromium = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for chapter, name in placed(ROOT):
            path, page = figures / f"moving-{name}.svg", browser.new_page()
            page.goto((ROOT / "_build" / "html" / "book" / f"{chapter}.html").as_uri())
            drawn = still(page, name)
            if path.read_text(encoding="utf8") != drawn:
                path.write_text(drawn, encoding="utf8")
                print(f"Drew {path.relative_to(ROOT)}")
            page.close()
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
