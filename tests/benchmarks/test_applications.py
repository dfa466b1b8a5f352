"""The benchmark of the worlds runs at a small size, and the kept figures are of what is there."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results
from attnrec_lite.worlds import WORLDS, contest

SMALL = {
    "ads": {"n_items": 8, "people": 20, "rounds": 4},
    "medicine": {"people": 200, "log_size": 3000},
    "finance": {"n_items": 12, "people": 60, "rounds": 2},
}


@pytest.fixture(scope="module")
def script(root):
    spec = spec_from_file_location("bench_applications", root / "benchmarks" / "applications.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def kept(root):
    return results.load("applications")


def test_the_kept_figures_are_of_the_worlds_and_policies_that_there_are(script, kept):
    runs = [(row["world"], row["policy"], row["seed"]) for row in kept["rows"]]
    assert len(set(runs)) == len(runs)
    seeds = {seed for *_, seed in runs}
    assert len(seeds) >= 5
    there = set()
    for name, (world, _) in script.VARIANTS.items():
        made = WORLDS[world](**{"n_items": 40} if world == "news" else {})
        there |= {(name, policy) for policy in made.policies(made.observe())}
    assert set(runs) == {(*pair, seed) for pair in there for seed in seeds}
    assert kept["cards"] == {name: world.card.row() for name, world in WORLDS.items()}
    assert {note["seed"] for note in kept["beside"]} == seeds
    assert script.summary(kept["rows"]) == kept["summary"]


@pytest.mark.parametrize("name", ["finance", "medicine", "social"])
def test_a_kept_seed_comes_out_again(script, kept, name):
    mine = {row["policy"]: row["figures"] for row in kept["rows"] if row["world"] == name
            and row["seed"] == 0}  # fmt: skip
    for row in contest(name, [0], list(mine)[:3]).rows:
        for figure, value in row["figures"].items():
            assert np.isclose(value, mine[row["policy"]][figure], rtol=0.02, atol=0.5), figure


def test_masked_policies_of_the_kept_figures_broke_no_mask(script, kept):
    for row in kept["rows"]:
        if "mask" in row["policy"]:
            assert row["figures"]["forbidden"] == 0, row


def test_it_runs_writes_and_keeps_what_is_not_asked_for(script, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(script, "SIZES", script.SIZES | SMALL)
    out = tmp_path / "found.json"
    asked = ["applications.py", "0", "1", "--worlds", "finance", "medicine", "--out", str(out)]
    monkeypatch.setattr("sys.argv", asked)
    script.main()
    found = json.loads(out.read_text())
    worlds = [row["world"] for row in found["rows"]]
    assert set(worlds) == {"finance", "medicine"}
    assert "finance, judged by worth" in capsys.readouterr().out
    first = found["beside"][0]
    assert set(first["effects"]) == {"raw", "adjusted", "true"}
    assert len(first["made_worse"]) == len(first["coverage"])
    naive = [row for row in found["summary"] if row["policy"] == "preference"]
    assert all(row["more"] == 0 for row in naive)
    again = ["applications.py", "1", "--worlds", "finance", "--out", str(out)]
    monkeypatch.setattr("sys.argv", again)
    script.main()
    later = json.loads(out.read_text())
    assert [row["world"] for row in later["rows"]] == worlds
    assert [row["figures"] for row in later["rows"]] == [row["figures"] for row in found["rows"]]
    assert [note["seed"] for note in later["beside"]] == [0, 1]
