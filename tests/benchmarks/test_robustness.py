"""The benchmarks of chapter 19: what is kept is what is measured now, and both run when small."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest

from attnrec_lite import results
from attnrec_lite.data import Interactions
from attnrec_lite.models import EASE, Popularity, Successors


@pytest.fixture
def benchmarks(root, monkeypatch):
    monkeypatch.syspath_prepend(str(root / "benchmarks"))
    found = {}
    for name in ("robustness_shilling", "robustness", "fairness"):
        spec = spec_from_file_location(name, root / "benchmarks" / f"{name}.py")
        found[name] = module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, found[name])
        spec.loader.exec_module(found[name])
        if name != "robustness_shilling":
            monkeypatch.setattr(found[name], "one_core", lambda: None)  # tests compute already
    return found


def kept(root, name):
    rows = results.load(name)["rows"]
    return [r for r in rows if "figure" not in r]


def of(rows, part, **about):
    return [r for r in rows if r["part"] == part and all(r[k] == v for k, v in about.items())]


def test_the_kept_figures_are_of_what_is_measured_now(benchmarks, root):
    bench, made_up, fair = (
        benchmarks[n] for n in ("robustness", "robustness_shilling", "fairness")
    )
    rows = kept(root, "robustness")
    assert list(dict.fromkeys(r["part"] for r in rows)) == list(bench.PARTS)
    for part in bench.PARTS:
        seeds = sorted({r["seed"] for r in of(rows, part)})
        assert len(seeds) >= (5 if part in ("shilling", "detectors") else 3)
        each = {seed: len(of(rows, part, seed=seed)) for seed in seeds}
        assert len(set(each.values())) == 1  # every seed has every row
    assert {(r["bound"], r["place"]) for r in of(rows, "clicks")} == {
        (b, p) for b in bench.BOUNDS for p in ("oldest", "before", "newest")
    }
    assert {r["rate"] for r in of(rows, "noise")} == {0.0, *bench.RATES}
    radii = {f"{k} {w}" for k in ("random", "adversary") for w in bench.RADII}
    assert all(radii <= set(r) for r in of(rows, "vectors"))
    looked = {(r["kind"], r["filler"], r["detector"]) for r in of(rows, "detectors")}
    assert looked == {
        (k, str(f), d) for k in made_up.ATTACKS for f in made_up.FILLERS for d in made_up.DETECTORS
    }
    rows = kept(root, "fairness")
    for part in fair.PARTS:
        assert len({r["seed"] for r in of(rows, part)}) >= 5
        assert {r["data"] for r in of(rows, part)} == {"shop", "movielens"}
    asked = {(r["rule"], r["trade"]) for r in of(rows, "rerank")}
    assert asked == {(rule, str(t)) for rule, trades in fair.TRADES.items() for t in trades}


def test_the_kept_figures_say_what_the_chapter_says(root):
    rows = kept(root, "robustness")

    def mean(figure, part, **about):
        return np.mean([r[figure] for r in of(rows, part, **about)])

    last = {"place": "newest", "bound": "as learned"}
    assert mean("worst_share", "clicks", **last) > 0.7  # one click takes most of the attention
    assert mean("ndcg@10 after", "clicks", **last) < 0.1 < mean("ndcg@10", "clicks", **last)
    capped = {"place": "newest", "bound": "weights up to 0.2"}
    assert mean("ndcg@10 after", "clicks", **capped) > mean("ndcg@10 after", "clicks", **last)
    for model in ("bpr", "apr"):
        about = {"data": "shop", "model": model}
        assert mean("adversary 1", "vectors", **about) < mean("random 1", "vectors", **about)
    grown = [mean("length", "vectors", data="shop", model=m) for m in ("apr", "pair twice")]
    assert grown[0] > grown[1]
    fooled = {"kind": "average", "filler": "70", "detector": "isolation"}
    assert mean("auc", "detectors", **fooled) < 0.5  # it defends the attackers


@pytest.fixture
def small(benchmarks, monkeypatch):
    """The benchmarks at the smallest size: one network is trained, the rest are counts."""
    bench, made_up, fair = (
        benchmarks[n] for n in ("robustness", "robustness_shilling", "fairness")
    )
    for module in (bench, made_up, fair):
        monkeypatch.setattr(module, "SHOP", {"n_users": 40, "n_items": 60})
    sizes = {"EPOCHS": 1, "RATES": (0.5,), "BPR_EPOCHS": 2, "WARM": 1, "ATTACKED": 2}
    for name, value in {**sizes, "BOUNDS": {"as learned": {}, "cap": {"cap": 0.2}}}.items():
        monkeypatch.setattr(bench, name, value)

    def counted(log, seed):
        return tuple(kind(log.items).fit(log) for kind in (Popularity, Successors, EASE))

    monkeypatch.setattr(bench, "models", counted)
    monkeypatch.setattr(made_up, "_fitted", lambda kind, log, seed: counted(log, seed)[1])
    monkeypatch.setattr(fair, "models", lambda scene, seed: counted(scene.split.train, seed))
    monkeypatch.setattr(bench, "film_split", bench.shop_split)
    made = fair.shop_scene
    monkeypatch.setattr(fair, "film_scene", lambda seed: made(seed)._replace(attention=False))
    rng = np.random.default_rng(0)
    u, i = np.nonzero(rng.random((60, 60)) < 0.5)
    stars = rng.integers(1, 11, len(u)) / 2
    films = Interactions.from_columns(u, i + 1, range(len(u)), value=stars)
    monkeypatch.setattr(made_up, "films", lambda: films)
    monkeypatch.setattr(made_up, "FILLERS", (5, 20))
    return {"robustness": (bench, "detectors"), "fairness": (fair, "steer")}


@pytest.mark.slow
def test_both_run_at_a_small_size(small, monkeypatch, tmp_path, capsys):
    for name, (module, again) in small.items():
        out = tmp_path / f"{name}.json"
        asked = [f"{name}.py", "0", "--out", str(out)]
        monkeypatch.setattr("sys.argv", asked)
        module.main()
        first = json.loads(out.read_text())["rows"]
        assert list(dict.fromkeys(r["part"] for r in first)) == list(module.PARTS)
        values = [v for r in first for k, v in r.items() if k.startswith("ndcg@10")]
        assert values
        assert np.isfinite(values).all()
        monkeypatch.setattr("sys.argv", [name, "0", "1", "--parts", again, "--out", str(out)])
        module.main()  # what is measured again is replaced, the rest stays
        rows = json.loads(out.read_text())["rows"]
        assert {r["seed"] for r in rows if r["part"] == again} == {0, 1}
        assert len(rows) == len(first) + len([r for r in first if r["part"] == again])
    assert "±" in capsys.readouterr().out
