"""The benchmark of modalities runs at a small size, and says what it measured."""

import json
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from attnrec_lite import results
from attnrec_lite.data import Modalities, leave_one_out, make_shop

pytestmark = pytest.mark.slow


@pytest.fixture
def multimodal(root, monkeypatch):
    spec = spec_from_file_location("bench_multimodal", root / "benchmarks" / "multimodal.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "one_core", lambda: None)  # the tests compute already
    monkeypatch.setattr(module, "EPOCHS", 1)
    return module


def test_each_way_is_measured_for_each_seed_and_a_modality_fails(
    multimodal, capsys, monkeypatch, tmp_path
):
    made = make_shop(n_users=80)
    shop = leave_one_out(made.log), Modalities.of_shop(made)
    ways = ("id", "features, gate", "both, attention, dropout")
    monkeypatch.setattr(multimodal, "DATA", {"shop": lambda: shop})
    monkeypatch.setattr(multimodal, "WAYS", {way: multimodal.WAYS[way] for way in ways})
    out = tmp_path / "found.json"
    monkeypatch.setattr("sys.argv", ["multimodal.py", "shop", "--seeds", "2", "--out", str(out)])
    multimodal.main()
    rows = json.loads(out.read_text())["rows"]
    assert [(row["way"], row["seed"]) for row in rows] == [(w, s) for s in (0, 1) for w in ways]
    assert "weights" not in rows[0]
    assert set(rows[1]["weights"]) == {"text", "category", "price", "picture"}
    spoilt = rows[2]["spoilt"]
    cases = [(case["modality"], case["how"]) for case in spoilt]
    assert cases == [(m, h) for m in ("text", "category") for h in ("missing", "another's")]
    assert spoilt[0]["weights"]["text"] == 0
    assert sum(spoilt[0]["weights"].values()) == pytest.approx(1, abs=1e-5)
    said = capsys.readouterr().out
    assert "both, attention, dropout: text missing" in said
    assert "-> 0.00" in said
    multimodal.main()  # rows of data that are measured again are replaced
    assert len(json.loads(out.read_text())["rows"]) == len(rows)


def test_the_kept_figures_are_of_what_is_measured_now(multimodal, root):
    rows = results.load("multimodal")["rows"]
    runs = [(row["data"], row["way"], row["seed"]) for row in rows]
    assert len(set(runs)) == len(runs)
    for data in {row["data"] for row in rows}:
        seeds = {row["seed"] for row in rows if row["data"] == data}
        assert {run[1:] for run in runs if run[0] == data} == {
            (way, seed) for way in multimodal.WAYS for seed in seeds
        }
