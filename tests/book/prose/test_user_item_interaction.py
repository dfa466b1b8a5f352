"""Figures that stand in the prose of the chapter on the three sides are recomputed."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np

from attnrec_lite import data, evaluation, formulas, models
from attnrec_lite.data.shop import TOY_GOODS, make_shop

BOOK = Path(__file__).parents[3] / "book"


@cache
def chapter() -> str:
    """The whole text of the notebook, captions and alt texts included, on one line."""
    path = BOOK / "user-item-interaction.ipynb"
    cells = json.loads(path.read_text(encoding="utf8"))["cells"]
    shown = [cell["metadata"].get("mystnb", {}) for cell in cells]
    captions = [view.get("figure", {}).get("caption", "") for view in shown]
    alts = [view.get("image", {}).get("alt", "") for view in shown]
    text = "\n".join([*("".join(cell["source"]) for cell in cells), *captions, *alts])
    return " ".join(text.split())


def test_a_hundred_copies_weigh_as_much_as_4_6_points_of_score():
    assert "a hundred copies weigh no more than 4.6 points of score" in chapter()
    assert round(np.log(100), 1) == 4.6
    scores = [0.3, 1.0, -0.5]
    lifted = formulas.softmax([scores[0] + np.log(100), *scores[1:]])[0]
    np.testing.assert_allclose(formulas.weight_of_copies(scores, 0, 100), lifted)


def test_the_unit_says_nothing_of_the_ice_bucket_and_equal_things_of_the_others():
    history = [TOY_GOODS[name] for name in ("kettle", "tablecloth", "ice bucket")]
    reads_the_product = [[0, 0, 0, 0, 0, 0, 1, 1]]
    found = formulas.activation_unit(history, TOY_GOODS["teapot"], reads_the_product, [0], [1])
    np.testing.assert_array_equal(found, [1, 1, 0])


def test_the_page_in_the_figure_has_c8_and_c9_as_the_best_of_their_letter():
    assert "among the C at the two best, C8 and C9" in chapter()
    assert "A19 has no rival" in chapter()
    one = data.make_lists(n=3000, seed=0).split()[2].select(np.arange(8))
    names = list(one.items.title(one.candidate))
    quality = dict(zip(names, one.quality[one.candidate], strict=True))
    letter = [name for name in names if name.startswith("C")]
    assert sorted(letter, key=quality.get)[-2:] == ["C9", "C8"]
    assert not one.relevant[names.index("A19")].any()


def test_the_shop_shows_thirteen_thousand_impressions_with_fifteen_hundred_clicks_to_learn_from():
    assert "thirteen thousand impressions with fifteen hundred clicks" in chapter()
    shop = make_shop(seed=0)
    trains = [data.make_clicks(shop, n=3000, seed=seed).split()[0] for seed in range(3)]
    assert {round(len(train), -3) for train in trains} == {13_000}
    assert {round(int(train.label.sum()), -2) for train in trains} == {1_500}


def test_each_world_of_pairs_has_fifteen_of_them_and_two_or_all_matter():
    assert "so 15 pairs" in chapter()
    for rule, matter in (("sparse", 2), ("dense", 15)):
        rows = data.make_feature_pairs(rule, n=10)
        assert rows.relevant.shape == (10, 15)
        assert rows.relevant[0].sum() == matter


def test_the_wrong_maximum_shrinks_the_weights_as_the_text_says():
    scores, beta = np.array([4.0, 0.0, 0.0]), 0.5
    e = np.exp(scores - scores.max())
    shrunk = formulas.smoothed_softmax(scores, beta) * np.exp(-(1 - beta) * scores.max())
    np.testing.assert_allclose(e / e.sum() ** beta, shrunk)


def test_the_gap_of_two_passes_is_smaller_after_one_and_both_are_behind_the_count():
    assert "Now set `epochs` to 1, or to 4: the gap shrinks" in chapter()
    assert "32, beta, window=20, negatives=64)" in chapter()
    films = data.load("movielens")
    split = data.leave_one_out(films)
    rule = evaluation.evaluate(models.ItemKNN(films.items).fit(split.train), split.test)
    gaps = {}
    for epochs in (1, 2):
        one, half = (
            evaluation.evaluate(
                models.NAIS(films.items, 32, beta, window=20, negatives=64).fit(
                    split.train, epochs=epochs
                ),
                split.test,
            )
            for beta in (1.0, 0.5)
        )
        gaps[epochs] = evaluation.compare(half, one, "ndcg@10")
        assert max(one.mean("ndcg@10"), half.mean("ndcg@10")) < rule.mean("ndcg@10")
    assert gaps[2].difference > 0
    assert gaps[1].low < gaps[2].low
    assert gaps[1].difference < gaps[2].difference
