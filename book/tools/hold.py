"""A book to hold: ``python book/tools/hold.py page|pdf|zip|publish``, from the site that is built.

page writes the book as one HTML file, pdf prints that file, zip packs the site; they lie in
``_build/hold``. publish puts all three into a copy of the site, ``_build/site``, and a line on the
page of reading paths that offers them: only there, so that no built site has a dead link.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from onepage import assemble
from paper import print_page

ROOT = Path(__file__).resolve().parents[2]
NAME = "attention-for-recommenders"
MOMENT = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say: the same site, the same bytes
OFFER = (
    '<section id="to-keep"><h2>To keep</h2><p>The whole book without a network: '
    '<a href="../{name}.pdf">a PDF</a> ({pdf}), '
    '<a href="../{name}.html">one page</a> ({html}), '
    '<a href="../{name}.zip">this site as a zip</a> ({zip}; unpack it, open '
    "<code>index.html</code>).</p></section>"
)


def pack(site: Path, target: Path) -> None:
    """Pack a folder into a zip whose bytes depend on the folder's content alone."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(path for path in site.rglob("*") if path.is_file()):
            name = Path(NAME, path.relative_to(site)).as_posix()
            entry = zipfile.ZipInfo(name, MOMENT)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), compresslevel=9)


def weight(path: Path) -> str:
    """Return the size of a file for readers."""
    return f"{path.stat().st_size / 1e6:.0f} MB"


def publish(site: Path, made: Path, target: Path) -> None:
    """Copy the site, put the three files beside its cover, and offer them on one page.

    Raises:
        FileNotFoundError: if one of the three is not made yet.
    """
    files = {kind: made / f"{NAME}.{kind}" for kind in ("pdf", "html", "zip")}
    sizes = {kind: weight(path) for kind, path in files.items()}
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(site, target)
    for path in files.values():
        shutil.copy(path, target)
    paths = target / "book" / "paths.html"
    text = paths.read_text(encoding="utf8")
    end = text.rindex("</section>", 0, text.index("</article>"))
    offer = OFFER.format(name=NAME, **sizes)
    paths.write_text(text[:end] + offer + text[end:], encoding="utf8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and make what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("what", choices=["page", "pdf", "zip", "publish"])
    what, started = parser.parse_args(arguments).what, time.monotonic()
    site, made = ROOT / "_build" / "html", ROOT / "_build" / "hold"
    if not (site / "index.html").exists():
        print("hold: no built site; run `make book` first", file=sys.stderr)
        return 2
    made.mkdir(exist_ok=True)
    page, pdf, archive = (made / f"{NAME}.{kind}" for kind in ("html", "pdf", "zip"))
    if what in {"page", "pdf", "publish"}:
        page.write_text(assemble(ROOT, site), encoding="utf8")
    if what in {"pdf", "publish"}:
        print_page(page, pdf)
    if what in {"zip", "publish"}:
        pack(site, archive)
    if what == "publish":
        publish(site, made, ROOT / "_build" / "site")
    done = {"page": page, "pdf": pdf, "zip": archive}.get(what, ROOT / "_build" / "site")
    size = weight(done) if done.is_file() else "the site with all three"
    print(f"{done}: {size}, {time.monotonic() - started:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
