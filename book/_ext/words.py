"""What references say in a notebook that has left the book: words, and links to its siblings.

Everything is asked of Sphinx, so that numbers, titles and citations are those of the site. A link
leads to the notebook beside this one where the target is a chapter, and is text otherwise.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from docutils import nodes
from pybtex.plugin import find_plugin
from sphinx import addnodes

if TYPE_CHECKING:
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

DOMAINS = {"eq": "math", "numref": "std", "ref": "std", "doc": "std", "term": "std"}
EXPLICIT = re.compile(r"(?P<text>.+?)\s*<(?P<target>[^<>]+)>", re.DOTALL)
NEEDLESS = re.compile(r"\\([.()\-+!#])")  # escaped by pybtex; a formula to some readers
KINDS = ("figure", "exercise", "table")


class BookWords:
    """The words of one notebook.

    Attributes:
        cited: keys of the works that were cited, in order.
    """

    def __init__(self, builder: Builder, docname: str, notebooks: set[str]) -> None:
        """Keep what is asked later.

        Args:
            builder: of the site, with an environment that has read every page.
            docname: the page whose words they are.
            notebooks: names of all notebooks, without folder and ending.
        """
        env = builder.env
        if env is None:
            raise ValueError("builder: expected one with an environment")
        self.env: BuildEnvironment = env
        self.builder, self.docname, self.notebooks = builder, docname, notebooks
        self.cited: dict[str, None] = {}

    def resolve(self, domain: str, kind: str, target: str, text: str = "") -> nodes.Element:
        """Return what Sphinx makes of a reference.

        Raises:
            ValueError: it leads nowhere.
        """
        said = nodes.inline(text or target, text or target)
        asked = addnodes.pending_xref(
            "", said, refdomain=domain, reftype=kind, reftarget=target,
            refexplicit=bool(text), refdoc=self.docname, refwarn=True,
        )  # fmt: skip
        found = self.env.get_domain(domain).resolve_xref(
            self.env, self.docname, self.builder, kind, target, asked, said
        )
        if found is None:
            raise ValueError(f"{self.docname}: {{{kind}}}`{target}` leads nowhere")
        return found

    def role(self, name: str, content: str) -> str:
        """Return the words of a role.

        Raises:
            ValueError: the role has no plain words, or leads nowhere.
        """
        if name.startswith("cite"):
            self.cited |= dict.fromkeys(key.strip() for key in content.split(","))
            return str(self.resolve("cite", name.partition(":")[2] or "p", content).astext())
        if name not in DOMAINS:
            raise ValueError(f"role: expected one of {', '.join(DOMAINS)}, cite; received {name!r}")
        explicit = EXPLICIT.fullmatch(content)
        target = explicit["target"] if explicit else content
        text = explicit["text"] if explicit else ""
        if name == "doc" and not target.startswith("/"):
            target = f"/{PurePosixPath(self.docname).parent / target}"
        if name == "term":
            target, text = target.lower(), text or content
        return self.sibling(self.resolve(DOMAINS[name], name, target, text))

    def sibling(self, found: nodes.Element, text: str = "") -> str:
        """Return a resolved reference as a link to a notebook, or as its text."""
        said = text or found.astext()
        page = next((n["refuri"] for n in found.findall(nodes.reference) if "refuri" in n), "")
        name = PurePosixPath(page.partition("#")[0]).stem
        own = PurePosixPath(self.docname).name
        return f"[{said}]({name}.ipynb)" if name in self.notebooks - {own} else said

    def link(self, text: str, target: str) -> str:
        """Return a Markdown link whose target may be a label or a page of the book."""
        label = target.lstrip("#")
        if label in self.env.domaindata["std"]["labels"] | self.env.domaindata["std"]["anonlabels"]:
            return self.sibling(self.resolve("std", "ref", label, text), text)
        page = f"/{PurePosixPath(self.docname).parent / target.removesuffix('.ipynb')}"
        return self.sibling(self.resolve("std", "doc", page, text), text)

    def number(self, label: str) -> str:
        """Return the number of an equation, figure, table or exercise, such as "2.7".

        Raises:
            ValueError: nothing numbered on this page has the label.
        """
        numbers = self.env.toc_fignumbers[self.docname]
        labels = self.env.domaindata["std"]["anonlabels"]
        place = labels[label][1] if label in labels else label  # a heading may have the name too
        names = [("displaymath", f"equation-{label}"), *((kind, place) for kind in KINDS)]
        for kind, name in names:
            if found := numbers.get(kind, {}).get(name):
                return ".".join(map(str, found))
        raise ValueError(f"{self.docname}: {label} has no number")

    def works(self) -> list[str]:
        """Return the works cited so far, as lines of Markdown, sorted by their labels."""
        write = find_plugin("pybtex.backends", "markdown")()
        lines = {}
        for work in self.env.get_domain("cite").citations:  # type: ignore[attr-defined]
            if work.key in self.cited:
                entry = work.formatted_entry
                said = " ".join(NEEDLESS.sub(r"\1", entry.text.render(write)).split())
                lines[entry.label] = f"- [{entry.label}] {said}"
        return [lines[label] for label in sorted(lines, key=str.lower)]
