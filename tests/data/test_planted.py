"""Planted clicks: the truth is what the labels were drawn by, and nothing else tells it."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import make_feature_pairs, make_lists, make_planted
from attnrec_lite.formulas import auc, calibration_error

MAKERS = {
    "quality": lambda **o: make_planted("quality", **o),
    "intensity": lambda **o: make_planted("intensity", **o),
    "lists": make_lists,
    "sparse": lambda **o: make_feature_pairs("sparse", **o),
    "dense": lambda **o: make_feature_pairs("dense", **o),
}


def arrays(rows):
    names = (*rows.BY_ROW, "category", "quality")
    return {name: getattr(rows, name) for name in names}


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_the_same_seed_gives_the_same_rows_and_another_seed_others(maker):
    first, again, other = (arrays(maker(n=50, seed=seed)) for seed in (3, 3, 4))
    for name, array in first.items():
        assert_array_equal(array, again[name], strict=True)
    assert not np.array_equal(first["chance"], other["chance"])


def test_another_process_with_another_hash_seed_gives_the_same_rows():
    code = (
        "import hashlib; from attnrec_lite.data import make_planted; r = make_planted(n=99);"
        "print(hashlib.sha256(r.history.tobytes() + r.label.tobytes()).hexdigest())"
    )
    environment = os.environ | {"PYTHONHASHSEED": "54321"}
    output = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
    r = make_planted(n=99)
    own = hashlib.sha256(r.history.tobytes() + r.label.tobytes()).hexdigest()
    assert output.strip() == own


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_labels_are_drawn_by_the_chance_in_the_table(maker):
    rows = maker(seed=1)
    assert calibration_error(rows.label, rows.chance) < 0.02
    assert 0.78 < auc(rows.label, rows.chance) < 0.86
    assert 0.3 < rows.label.mean() < 0.7


def log_odds(rows):
    return np.log(rows.chance / (1 - rows.chance))


def test_the_rules_are_what_their_names_say():
    quality, intensity = make_planted("quality", n=2000), make_planted("intensity", n=2000)
    assert_array_equal(quality.history, intensity.history)
    assert_array_equal(quality.candidate, intensity.candidate)
    count = quality.relevant.sum(axis=1)
    mean = [
        quality.quality[h[r]].mean() for h, r in zip(quality.history, quality.relevant, strict=True)
    ]
    assert_allclose(log_odds(quality), 2.2 * np.array(mean), atol=1e-9)
    assert_allclose(log_odds(intensity), 0.52 * (count - 4.3), atol=1e-9)


def test_the_planted_mask_is_the_category_and_never_padding():
    rows = make_planted(n=500)
    same = rows.category[rows.history] == rows.category[rows.candidate][:, None]
    assert_array_equal(rows.relevant, same & (rows.history > 0))
    assert rows.relevant.any(axis=1).all()
    length = (rows.history > 0).sum(axis=1)
    assert (length.min(), length.max()) == (2, 20)
    kinds = [len(set(rows.category[h[h > 0]])) for h in rows.history]
    assert max(kinds) == 3
    assert abs(count_share(rows) - 0.417) < 0.02


def count_share(rows):
    return float((rows.relevant.sum(axis=1) / (rows.history > 0).sum(axis=1)).mean())


def test_neither_the_candidate_nor_its_category_gives_the_label_away():
    rows = make_planted("intensity", seed=2)
    for column in (rows.candidate, rows.category[rows.candidate]):
        half = len(rows) // 2
        rate = np.bincount(column[:half], rows.label[:half], 201) / np.maximum(
            np.bincount(column[:half], minlength=201), 1
        )
        assert abs(auc(rows.label[half:], rate[column[half:]]) - 0.5) < 0.02


def test_the_log_odds_on_a_page_are_the_gap_to_the_best_rival():
    rows = make_lists(n=40, size=5, seed=2)
    page = rows.pages()
    alone = 0
    for row in page:
        for place, r in enumerate(row):
            rivals = [
                other for other in row
                if other != r and rows.category[rows.candidate[other]]
                == rows.category[rows.candidate[r]]
            ]  # fmt: skip
            marked = row[rows.relevant[r]].tolist()
            assert marked == rivals
            best = max((rows.quality[rows.candidate[x]] for x in rivals), default=0.0)
            gap = rows.quality[rows.candidate[r]] - best
            assert abs(log_odds(rows)[r] - 1.3 * gap) < 1e-9
            alone += not rivals
            assert not rows.relevant[r, place]
    assert alone > 0  # the case without a rival is there


@pytest.mark.parametrize(("rule", "pairs"), [("sparse", 2), ("dense", 15)])
def test_only_the_marked_pairs_move_the_log_odds(rule, pairs):
    rows = make_feature_pairs(rule, n=6000, levels=3, seed=5)
    assert rows.relevant[0].sum() == pairs
    onehot = np.concatenate([np.eye(3)[rows.features[:, f]] for f in range(6)], axis=1)
    first, second = np.triu_indices(6, 1)
    crossed = [
        np.eye(9)[rows.features[:, a] * 3 + rows.features[:, b]]
        for a, b in zip(first, second, strict=True)
    ]
    explain = np.concatenate(
        [onehot, *(crossed[p] for p in np.flatnonzero(rows.relevant[0]))], axis=1
    )
    fitted = explain @ np.linalg.lstsq(explain, log_odds(rows), rcond=None)[0]
    assert_allclose(fitted, log_odds(rows), atol=1e-6)
    alone = onehot @ np.linalg.lstsq(onehot, log_odds(rows), rcond=None)[0]
    assert np.abs(alone - log_odds(rows)).max() > 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make_planted("both"), "rule: expected one of quality, intensity; received 'both'"),
        (lambda: make_planted(n=0), "n: expected an integer of at least 1; received 0"),
        (lambda: make_planted(seed=-1), "seed: expected an integer of at least 0"),
        (lambda: make_lists(size=1), "size: expected an integer of at least 2; received 1"),
        (lambda: make_feature_pairs("few"), "rule: expected one of sparse, dense"),
        (lambda: make_feature_pairs(fields=2), "fields: expected an integer of at least 3"),
        (lambda: make_feature_pairs(fields=40), "fields: expected a number in 3..26; received 40"),
        (lambda: make_feature_pairs(levels=1), "levels: expected an integer of at least 2"),
    ],
)
def test_they_name_the_number_that_is_out_of_range(call, message):
    with pytest.raises(ValueError, match=message):
        call()
