"""The page of benchmarks is what the script writes from the results, and nothing else."""

import copy
import importlib.util
import re
from pathlib import Path

import pytest

from attnrec_lite.results import path as result

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def writer():
    return load("write_page")


@pytest.fixture(scope="module")
def results(writer):
    names = ("sequences.json", "recbole/sasrec.json", "recbole/results.json")
    return [writer.read(name) for name in names]


def test_the_page_is_what_the_script_writes(writer, results):
    assert writer.PAGE.read_text() == writer.page(*results), "run benchmarks/write_page.py"


def test_a_changed_result_changes_the_page(writer, results):
    page = writer.page(*results)
    for number, path in enumerate(
        [("films", "packed", "epoch_wall_s"), ("epochs", 0, "wall_s"),
         ("ours", "metrics", "EASE", "ndcg@10")]
    ):  # fmt: skip
        changed = copy.deepcopy(results)
        place = changed[number]
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] *= 2
        assert writer.page(*changed) != page, path


def test_ratios_are_those_of_the_figures(writer, results):
    ours, theirs = results[0]["films"]["packed"], results[1]["epochs"][-1]
    text = re.sub(r"\s+", " ", writer.page(*results))
    assert f"**{theirs['wall_s'] / ours['epoch_wall_s']:.0f} times faster**" in text
    assert f"{theirs['cpu_s'] / ours['epoch_cpu_s']:.0f} times cheaper" in text


def test_other_targets_than_recbole_s_are_refused(writer, results):
    changed = copy.deepcopy(results)
    changed[0]["films"]["packed"]["targets"] -= 1
    with pytest.raises(ValueError, match="expected 97171 targets"):
        writer.page(*changed)


def test_results_say_what_they_were_taken_with(results):
    for found in results[:2]:
        assert found["date"] >= "2026-11-22"
        assert found["machine"]["cores"] >= 1
        assert found["machine"]["processor"]
    assert {"tensorflow", "keras", "numpy"} <= set(results[0]["versions"])
    assert {"recbole", "torch"} <= set(results[1]["versions"])


def test_no_path_of_a_machine_is_on_the_page_or_in_the_results(writer):
    for path in (writer.PAGE, result("sequences"), FOLDER / "recbole" / "sasrec.json"):
        assert not re.search(r"/(work|tmp|home|root|usr)/", path.read_text()), path.name


def test_packing_and_windows_earn_what_the_chapter_says(results):
    def per_target(log, kind):
        found = results[0][log][kind]
        return found["epoch_cpu_s"] / found["targets"]

    assert results[0]["shop_length"]["mean"] < 7.1
    assert per_target("shop", "padded") / per_target("shop", "packed") >= 5
    assert per_target("shop_binary", "padded") / per_target("shop_binary", "packed") >= 7
    theirs, ours = results[1]["epochs"][-1], results[0]["films"]["packed"]
    assert theirs["wall_s"] / ours["epoch_wall_s"] >= 30
    assert theirs["cpu_s"] / results[1]["machine"]["threads"] / ours["epoch_cpu_s"] >= 30
