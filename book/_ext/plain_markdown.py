"""MyST to plain Markdown: what Jupyter and Colab show as it is meant, without an extension.

The text is parsed by the parser that reads it for the site, and each block is written again: boxes
become quotations, exercises headings, dropdowns ``<details>``, numbered equations get a tag.
What a reference says comes from outside: see words.py. A directive without a plain form is an
error, so that nothing slips through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Protocol

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

EXTENSIONS = {"amsmath", "attrs_inline", "colon_fence", "deflist", "dollarmath", "tasklist"}
REMOVED = {"myst_target", "myst_block_break", "myst_line_comment"}
SKIPPED = {"solution-end"}  # what stands in a {solution-start} ends with the next heading


class Words(Protocol):
    """What references say in plain words; words.py reads it from the book."""

    def role(self, name: str, content: str) -> str:
        """Return the words of a role such as ``{eq}`eq-sigmoid```."""

    def link(self, text: str, target: str) -> str:
        """Return a Markdown link whose target may be a label or a page of the book."""

    def number(self, label: str) -> str:
        """Return the number of an equation, figure or exercise, such as "2.7"."""


@dataclass(frozen=True)
class Figure:
    """A drawn figure between two pieces of text.

    Attributes:
        file: of the picture, as the text names it.
        alt: what it shows, for who cannot see it.
        label: for references.
    """

    file: str
    alt: str
    label: str


@dataclass(frozen=True)
class Directive:
    """A directive, taken apart."""

    name: str
    title: str
    options: dict[str, str]
    body: str


Piece = str | Figure


@cache
def parser() -> MarkdownIt:
    """Return the parser with the extensions that the book uses."""
    return create_md_parser(MdParserConfig(enable_extensions=EXTENSIONS), RendererHTML)


def take_apart(token: Token) -> Directive:
    r"""Return the directive that a fence holds.

    >>> take_apart(parser().parse("```{figure} a.svg\n:name: b\n\nText.\n```")[0])
    Directive(name='figure', title='a.svg', options={'name': 'b'}, body='Text.')
    """
    name, _, title = token.info.strip()[1:].partition("}")
    lines = token.content.strip("\n").splitlines()
    head = list(takewhile(lambda line: line.startswith(":") and ":" in line[1:], lines))
    pairs = (line[1:].partition(":") for line in head)
    options = {key: value.strip() for key, _, value in pairs}
    return Directive(name, title.strip(), options, "\n".join(lines[len(head) :]).strip("\n"))


def is_directive(token: Token) -> bool:
    """Return whether a block is a directive, with fences of backticks or of colons."""
    return token.type in {"fence", "colon_fence"} and token.info.strip().startswith("{")


def blocks(tokens: Sequence[Token]) -> Iterator[tuple[Token, list[Token]]]:
    """Yield each outermost block with the tokens inside of it."""
    start = 0
    for here, token in enumerate(tokens):
        if token.level == 0 and token.nesting <= 0:
            yield tokens[start], list(tokens[start : here + 1])
            start = here + 1


def inline(text: str, tokens: Sequence[Token], words: Words) -> str:
    """Return the source of a block with its roles and its links to labels in plain words.

    Args:
        text: the source.
        tokens: what the parser made of it; decides what is a role and what only looks like one.
        words: what references say.

    Raises:
        ValueError: the parser saw a role that cannot be found in the source.
    """
    place = 0
    leaves = [leaf for token in tokens for leaf in token.children or ()]

    def replace(old: str, new: str) -> None:
        nonlocal text, place
        at = text.find(old, place)
        if at < 0:
            raise ValueError(f"text: expected {old!r} in {text!r:.200}")
        text = text[:at] + new + text[at + len(old) :]
        place = at + len(new)

    for leaf in leaves:
        if leaf.type == "myst_role":
            name = leaf.meta["name"]
            replace(f"{{{name}}}`{leaf.content}`", words.role(name, leaf.content))
        elif leaf.type == "link_open" and "://" not in str(leaf.attrs["href"]):
            href = str(leaf.attrs["href"])
            end = text.index(f"]({href})", place)
            begin = text.rindex("[", place, end)
            place = begin
            said = text[begin + 1 : end]
            replace(f"[{said}]({href})", words.link(said, href))
        elif leaf.type == "code_inline":  # an example of a role is no role
            at = text.find(leaf.content, place)
            place = at + len(leaf.content) if at >= 0 else place
    return text


def quoted(text: str) -> str:
    r"""Return a text as a quotation.

    >>> quoted("a\n\nb")
    '> a\n>\n> b'
    """
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def folded(title: str, body: str) -> str:
    """Return a text under a line that opens it; the empty lines let Markdown go on inside."""
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>"


def text_only(pieces: list[Piece]) -> str:
    """Return the text of a directive's body, which may hold no figure."""
    if any(isinstance(piece, Figure) for piece in pieces):
        raise ValueError("figure: expected at the top of a cell, not inside of a directive")
    return "\n\n".join(str(piece) for piece in pieces)


def admonition(it: Directive, words: Words) -> list[Piece]:
    """A box becomes a quotation with its title on top."""
    title = text_only(pieces(it.title, words))
    return [quoted(f"**{title}**\n\n{text_only(pieces(it.body, words))}")]


def dropdown(it: Directive, words: Words) -> list[Piece]:
    """A dropdown becomes a line that opens."""
    return [folded(it.title, text_only(pieces(it.body, words)))]


def exercise(it: Directive, words: Words) -> list[Piece]:
    """An exercise gets a heading with its number."""
    heading = f"### Exercise {words.number(it.options['label'])}: {it.title}"
    return [f"{heading}\n\n{text_only(pieces(it.body, words))}"]


def solution(it: Directive, words: Words) -> list[Piece]:
    """A solution gets a heading; what follows stands in cells of its own."""
    return [f"#### Solution of exercise {words.number(it.title)}"]


def figure(it: Directive, words: Words) -> list[Piece]:
    """A figure stands between cells, its caption below."""
    label = it.options["name"]
    caption = text_only(pieces(it.body, words))
    drawn = Figure(it.title, it.options.get("alt", ""), label)
    return [drawn, f"**Figure {words.number(label)}.** {caption}"]


def grid(it: Directive, words: Words) -> list[Piece]:
    """Cards become a list."""
    return ["\n".join(str(piece) for piece in pieces(it.body, words))]


def card(it: Directive, words: Words) -> list[Piece]:
    """A card becomes a line of a list."""
    title = words.link(it.title, it.options["link"]) if "link" in it.options else it.title
    return [f"- **{title}**: {text_only(pieces(it.body, words))}"]


FORMS: dict[str, Callable[[Directive, Words], list[Piece]]] = {
    "admonition": admonition, "note": admonition, "tip": admonition, "warning": admonition,
    "dropdown": dropdown, "exercise": exercise, "solution-start": solution, "figure": figure,
    "grid": grid, "grid-item-card": card,
}  # fmt: skip


def plain(token: Token, inside: Sequence[Token], source: str, words: Words) -> list[Piece]:
    """Return the pieces of one block."""
    if token.type in REMOVED:
        return []
    if token.type == "math_block_label":
        return [f"$$\n{token.content.strip()}\n\\tag{{{words.number(token.info)}}}\n$$"]
    if not is_directive(token):
        return [inline(source, inside, words)]
    it = take_apart(token)
    if it.name in SKIPPED:
        return []
    if it.name not in FORMS:
        raise ValueError(f"directive: expected one of {', '.join(FORMS)}; received {it.name!r}")
    return FORMS[it.name](it, words)


def pieces(text: str, words: Words) -> list[Piece]:
    """Return a MyST text as plain Markdown, with its drawn figures in between.

    Args:
        text: of a cell, or of the body of a directive.
        words: what references say.

    Raises:
        ValueError: a directive has no plain form, or a figure stands inside of another directive.
    """
    lines = text.splitlines()
    found: list[Piece] = []
    for token, inside in blocks(parser().parse(text)):
        begin, end = token.map or (0, 0)
        source = "\n".join(lines[begin:end]).rstrip("\n")
        for piece in plain(token, inside, source, words):
            if isinstance(piece, str) and found and isinstance(found[-1], str):
                found[-1] += f"\n\n{piece}"
            else:
                found.append(piece)
    return found
