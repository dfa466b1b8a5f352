"""What a run measured, written into the pages: run times, versions, the machine.

Under each notebook's title stands how long it ran; the ``run-status`` directive draws the tables
of the status page. All of it is read from the execution, nothing is typed.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

PACKAGES = ("tensorflow", "keras", "numpy", "matplotlib", "seaborn", "jupyter-book", "attnrec_lite")
NUMBERS = {1: "one core", 2: "two cores"}


class run_status(nodes.General, nodes.Element):
    """Stands for the tables of the status page until every notebook has been read."""


class RunStatus(SphinxDirective):
    """``{run-status}``: run times, versions and machine of this build."""

    def run(self) -> list[nodes.Node]:
        """Leave a node to be filled in when the page is written."""
        return [run_status()]


def cores() -> str:
    """Return the number of cores in words.

    >>> cores().endswith(("core", "cores"))
    True
    """
    count = os.cpu_count() or 1
    return NUMBERS.get(count, f"{count} cores")


def seconds(value: float) -> str:
    """Return a run time in words.

    >>> seconds(0.2), seconds(23.4), seconds(130)
    ('under a second', '23 s', '2 min 10 s')
    """
    if value < 1:
        return "under a second"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def day(timestamp: float) -> str:
    """Return the day of a POSIX timestamp, local time, as "1 March 2026"."""
    moment = datetime.fromtimestamp(timestamp)
    return f"{moment.day} {moment:%B %Y}"


def executed(env: BuildEnvironment) -> dict[str, dict[str, Any]]:
    """Return what is known about the execution of each notebook, by document."""
    collected = getattr(env, "nb_metadata", {})
    data = {name: values.get("exec_data") for name, values in collected.items()}
    return {name: value for name, value in data.items() if value and value.get("runtime")}


def machine() -> list[tuple[str, str]]:
    """Return rows about the machine: processor, cores, memory, system; never its name."""
    rows = [("Processor", processor()), ("Cores", str(os.cpu_count() or 1))]
    if "SC_PHYS_PAGES" in getattr(os, "sysconf_names", {}):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        rows.append(("Memory", f"{memory / 2**30:.0f} GiB"))
    return [*rows, ("System", f"{platform.system()} {platform.machine()}")]


def processor() -> str:
    """Return the processor's model name where the system tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.processor() or platform.machine()


def table(head: Sequence[str], rows: Iterable[Sequence[nodes.Node | str]]) -> nodes.table:
    """Return a table node; cells are text or inline nodes."""
    group = nodes.tgroup(cols=len(head))
    group += [nodes.colspec(colwidth=1) for _ in head]

    def row(cells: Sequence[nodes.Node | str]) -> nodes.row:
        entries = []
        for cell in cells:
            inline = nodes.Text(cell) if isinstance(cell, str) else cell
            entries.append(nodes.entry("", nodes.paragraph("", "", inline)))
        return nodes.row("", *entries)

    group += [nodes.thead("", row(head)), nodes.tbody("", *[row(cells) for cells in rows])]
    return nodes.table("", group, classes=["run-status"])


def status_tables(app: Sphinx, page: str) -> list[nodes.Node]:
    """Return the tables of the status page."""
    env, times = app.env, executed(app.env)
    order = [name for name in env.found_docs if name in times]
    order.sort(key=lambda name: (env.titles[name].get("secnumber") or [0], name))
    runs: list[list[nodes.Node | str]] = []
    for name in order:
        numbers = env.titles[name].get("secnumber")
        title = env.titles[name].astext()
        text = f"{numbers[0]}. {title}" if numbers else title
        link = nodes.reference(
            "", text, internal=True, refuri=app.builder.get_relative_uri(page, name)
        )
        runs.append([link, seconds(times[name]["runtime"]), day(times[name]["mtime"])])
    total = sum(value["runtime"] for value in times.values())
    runs.append(["All", seconds(total), ""])
    software = [("Python", platform.python_version()), *((p, version(p)) for p in PACKAGES)]
    return [
        nodes.rubric(text="Run times"), table(("Notebook", "Run time", "Measured"), runs),
        nodes.rubric(text="Versions"), table(("Software", "Version"), software),
        nodes.rubric(text="Machine"), table(("Part", "This edition"), machine()),
    ]  # fmt: skip


def fill_in(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put the run time under the title, and the tables where the directive stands."""
    for node in list(doctree.findall(run_status)):
        node.replace_self(status_tables(app, docname))
    data = executed(app.env).get(docname)
    title = next(iter(doctree.findall(nodes.title)), None)
    if data and title is not None:
        text = f"Runs in {seconds(data['runtime'])} on {cores()} · measured {day(data['mtime'])}"
        line = nodes.paragraph(text=text, classes=["run-time"])
        title.parent.insert(title.parent.index(title) + 1, line)


def pages_with_status(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages to write again whenever anything was read: those with the directive."""
    found = env.found_docs
    return [name for name in found if any(env.get_doctree(name).findall(run_status))]


def choose_chapter(app: Sphinx, config: Config) -> None:
    """For ``make chapter``: leave every other notebook without execution, share the cache."""
    chosen = os.environ.get("ATTNREC_CHAPTER")
    if chosen:
        names = sorted(Path(app.srcdir, "book").glob("*.ipynb"))
        others = [f"book/{path.name}" for path in names if f"book/{path.stem}" != chosen]
        settings: Any = config
        settings.nb_execution_excludepatterns = others
        settings.nb_execution_cache_path = str(Path(app.srcdir, "_build", ".jupyter_cache"))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the events."""
    app.add_node(run_status)
    app.add_directive("run-status", RunStatus)
    app.connect("config-inited", choose_chapter)
    app.connect("env-updated", pages_with_status)
    app.connect("doctree-resolved", fill_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
