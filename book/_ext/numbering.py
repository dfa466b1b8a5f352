"""Fixed chapter numbers: a chapter keeps its number while the book grows around it.

Sphinx numbers chapters by their position in the table of contents, so a chapter added in front
would turn equation (2.7) into (3.7). The configuration value ``chapter_numbers`` maps a file name
to its number instead; headings, sidebar, figures and equations all follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)


def fix_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Replace the first component of every section number, then number figures again.

    Args:
        app: the running build.
        env: its environment, after Sphinx has numbered sections.

    Returns:
        The documents to write again: all numbered ones.
    """
    table: dict[str, int] = app.config.chapter_numbers
    for docname, numbers in env.toc_secnumbers.items():
        chapter = table.get(docname.rsplit("/", 1)[-1])
        if chapter is None:
            logger.warning("%s is numbered but not in chapter_numbers", docname)
            continue
        for anchor, number in numbers.items():
            numbers[anchor] = (chapter, *number[1:]) if number else number
        env.titles[docname]["secnumber"] = [chapter]
        for reference in env.tocs[docname].findall(nodes.reference):
            if reference.get("secnumber"):
                reference["secnumber"] = [chapter, *reference["secnumber"][1:]]
    TocTreeCollector().assign_figure_numbers(env)
    return list(env.toc_secnumbers)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the configuration value and run after Sphinx's own numbering."""
    app.add_config_value("chapter_numbers", {}, "env", types=[dict])
    app.connect("env-get-updated", fix_numbers, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
