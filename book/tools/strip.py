"""Removes outputs from notebooks: ``make strip``, before a commit.

Keeps sources, cell ids and the tags that the site uses, so that a diff shows what was written.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
KEPT = ("mystnb", "myst", "tags")


def strip(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Return the notebook without outputs, counts and editor settings; changes it in place."""
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in KEPT if key in cell.metadata}
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    kept = {key: notebook.metadata[key] for key in KEPT if key in notebook.metadata}
    notebook.metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}, **kept}
    return notebook


def main(arguments: Sequence[str]) -> int:
    """Strip the notebooks named, in place; one that is clean already is not touched."""
    for name in arguments:
        path = Path(name)
        old = path.read_text(encoding="utf8")
        new = nbformat.writes(strip(nbformat.reads(old, as_version=4)), indent=1) + "\n"
        if new != old:
            path.write_text(new, encoding="utf8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
