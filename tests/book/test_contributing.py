"""The guide for contributors tells the truth; the forms for reports are valid and ask enough."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")
README = (ROOT / "README.md").read_text(encoding="utf8")
REQUEST = (ROOT / ".github" / "pull_request_template.md").read_text(encoding="utf8")
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
CHOOSER = next(path for path in FORMS if path.name == "config.yml")
FORMS.remove(CHOOSER)
ASKED = {  # what each form must not let anybody leave out
    "mistake-in-the-book": {"Where", "What it says", "What it should say", "How you know"},
    "fault-in-the-package": {"What you ran", "The whole output", "Versions"},
    "misleading-exercise": {"Which one", "What it says", "What it should say"},
}
# docs.github.com, "Syntax for issue forms" and "Syntax for GitHub's form schema"
TOP = {"name", "description", "body", "assignees", "labels", "title", "type", "projects"}
ATTRIBUTES = {
    "markdown": {"value"},
    "input": {"label", "description", "placeholder", "value"},
    "textarea": {"label", "description", "placeholder", "value", "render"},
    "dropdown": {"label", "description", "multiple", "options", "default"},
    "checkboxes": {"label", "description", "options"},
}
every_form = pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)


def constant(name: str) -> object:
    """A value that the tests of the notebooks name at their top."""
    tree = ast.parse((ROOT / "tests" / "book" / "test_notebooks.py").read_text(encoding="utf8"))
    found = [n.value for n in tree.body if isinstance(n, ast.Assign) and n.targets[0].id == name]
    return ast.literal_eval(found[0])


def test_the_guide_has_less_than_two_pages():
    assert len(GUIDE.split()) < 900


def test_every_command_is_one_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    named = re.findall(r"`make ([a-z]+)", GUIDE + REQUEST + README)
    assert {"new", "chapter", "missing", "quick", "test", "strip"} <= set(named) <= targets


def test_the_measures_are_those_of_the_tests():
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| (\d+) \|$", GUIDE, flags=re.MULTILINE)
    printed = {name.split(", each")[0]: (int(low), int(high)) for name, low, high in rows}
    measures = dict(constant("MEASURES"))
    assert measures.pop("solutions") == measures["exercises"], "each with its solution"
    assert printed == measures
    assert f"No cell has more than {constant('LONGEST_CELL')} lines" in GUIDE


def test_the_parts_of_a_chapter_are_named_in_their_order():
    order = ", ".join(f'"{heading}"' for heading in constant("LAST_HEADINGS"))
    assert order in GUIDE


def test_what_the_guide_says_of_the_set_up_and_the_style_is_so():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))
    assert settings["project"]["requires-python"] == ">=3.11,<3.14"
    need = "You need Python 3.11, 3.12 or 3.13, `make`, and 6 GB of free disk."
    assert need in GUIDE
    assert need in README
    assert f"a line {settings['tool']['ruff']['line-length']} characters" in GUIDE
    assert settings["tool"]["mypy"]["strict"]


def test_every_link_and_path_leads_to_a_file():
    for target in re.findall(r"\]\(([^)]+)\)", GUIDE):
        assert (ROOT / target).exists(), target
    for path in re.findall(r"`([\w./-]+(?:/|\.(?:py|yml|md|svg)))`", GUIDE + REQUEST):
        assert (ROOT / path).exists(), path
    assert "(CONTRIBUTING.md)" in README


def test_no_address_is_invented():
    for path in [*FORMS, CHOOSER]:
        assert not re.search(r"https?:|www\.|@", path.read_text(encoding="utf8")), path
    assert yaml.safe_load(CHOOSER.read_text(encoding="utf8")) == {"blank_issues_enabled": True}


@every_form
def test_a_form_is_valid(path):
    form = yaml.safe_load(path.read_text(encoding="utf8"))
    assert {"name", "description", "body"} <= set(form) <= TOP
    assert all(isinstance(form[k], str) and form[k].strip() for k in ("name", "description"))
    ids = [field["id"] for field in form["body"] if "id" in field]
    labels = [field["attributes"]["label"] for field in form["body"] if field["type"] != "markdown"]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[\w-]+", name) for name in ids)
    assert len(labels) == len(set(labels)) >= 1
    for field in form["body"]:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        given = field["attributes"]
        assert set(given) <= ATTRIBUTES[field["type"]]
        assert set(field.get("validations", {})) <= {"required"}
        options = given.get("options", [])
        assert (field["type"] in {"dropdown", "checkboxes"}) == bool(options)
        assert all(isinstance(option, str) for option in options)
        assert len(options) == len(set(options))
        texts = [given[k] for k in ("label", "description", "placeholder") if k in given]
        assert all(isinstance(text, str) and text.strip() for text in texts)


@every_form
def test_a_form_asks_for_what_a_report_needs(path):
    body = yaml.safe_load(path.read_text(encoding="utf8"))["body"]
    required = {f["attributes"]["label"] for f in body if f.get("validations", {}).get("required")}
    assert ASKED[path.stem] <= required


def test_there_is_a_form_for_each_kind_of_report():
    assert {path.stem for path in FORMS} == set(ASKED)
