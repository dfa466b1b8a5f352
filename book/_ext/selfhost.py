"""Nothing from another host, and nothing heavier than what the pages use.

By default pages ask a CDN for MathJax and thebe and load all 2,000 icons of Font Awesome. This
extension brings MathJax along (the part that pages load), drops thebe and keeps the used icons.
"""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

# name:[width,height,[aliases],"code","path" or ["path","path"]],
ICON = re.compile(
    r'(?:"(?P<quoted>[\w-]+)"|(?P<plain>\w+)):\[\d+,\d+,\[(?P<aliases>[^\]]*)\],'
    r'"[0-9a-f]+",(?:"[^"]*"|\[[^\]]*\])\],?'
)
USED_ICON = re.compile(r"\bfa-([a-z0-9-]+)")
UNUSED_PARTS = ("mml*", "*-svg*", "*-full*", "sre", "a11y", "ui", "svg*", "adaptors", "node-main*",
                "latest.js", "tex-mml*", "all-packages.js", "core.js", "loader.js", "startup.js",
                "asciimath*", "chtml.js", "tex.js", "tex-base.js")  # fmt: skip


def clean_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Drop thebe (unused, emitted twice, names a CDN), and mermaid where no page draws with it."""

    def wanted(script: Any) -> bool:
        body = (getattr(script, "attributes", None) or {}).get("body") or ""
        name = str(getattr(script, "filename", "") or script)
        return not ("THEBE_JS_URL" in body or "thebe" in name or "mermaid" in body + name)

    for key in ("script_files", "css_files"):
        if key in context:
            context[key] = [script for script in context[key] if wanted(script)]


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Copy the part of MathJax 3 that pages load: one script, its fonts, the TeX extensions."""
    target = Path(app.outdir, "_static", "mathjax")
    if error or app.builder.format != "html" or target.exists():
        return
    package = import_module("sphinx-mathjax-offline")
    source = Path(str(package.__file__)).parent / "static" / "mathjax"
    copytree(source, target, ignore=ignore_patterns(*UNUSED_PARTS))


def subset_icons(script: str, used: set[str]) -> str:
    """Return Font Awesome's script with only the icons in use, by name or by alias.

    >>> subset_icons('{bars:[1,1,["menu"],"f0","M0"],bell:[1,1,[],"f1","M1"]}', {"menu"})
    '{bars:[1,1,["menu"],"f0","M0"],}'
    """

    def keep(match: re.Match[str]) -> str:
        names = {match["quoted"] or match["plain"], *re.findall(r'"([\w-]+)"', match["aliases"])}
        return match[0] if names & used else ""

    return ICON.sub(keep, script)


def slim_icons(app: Sphinx, error: Exception | None) -> None:
    """Keep only the icons that some page, script or style names."""
    script = Path(app.outdir, "_static", "scripts", "fontawesome.js")
    if error or app.builder.format != "html" or not script.exists():
        return
    used: set[str] = set()
    for path in Path(app.outdir).rglob("*"):
        if path.suffix in {".html", ".js"} and "mathjax" not in path.parts and path != script:
            used.update(USED_ICON.findall(path.read_text(encoding="utf8", errors="replace")))
    script.write_text(subset_icons(script.read_text(encoding="utf8"), used), encoding="utf8")
    for leftover in Path(app.outdir, "_static").rglob("*.map"):
        leftover.unlink()


def merge_singlehtml(app: Sphinx) -> None:
    """Let the one-page builders see the visitors of the others.

    sphinx-exercise registers visitors under the name "singlehtml", which switches off Sphinx's
    fallback to "html" and ends in "unknown node type".
    """
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = {**handlers.get("html", {}), **handlers.get("singlehtml", {})}


def setup(app: Sphinx) -> dict[str, Any]:
    """Run last, after the theme and the other extensions have added their parts."""
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("builder-inited", merge_singlehtml)
    app.connect("html-page-context", clean_scripts, priority=900)
    app.connect("build-finished", copy_mathjax, priority=800)
    app.connect("build-finished", slim_icons, priority=950)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
