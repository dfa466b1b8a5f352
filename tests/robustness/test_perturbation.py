"""Shifted vectors and APR: slopes by differences, lengths, and what the controls are."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import make_shop
from attnrec_lite.data.split import Holdout, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import BPR, load
from attnrec_lite.robustness import APR, shifted_items, shifted_ranking


@pytest.fixture(scope="module")
def split():
    return leave_one_out(make_shop(n_users=150, n_items=60).log)


@pytest.fixture(scope="module")
def model(split):
    return BPR(split.train.items, width=16).fit(split.train, epochs=30)


def test_the_slopes_of_the_shifted_pairs_are_those_of_the_loss_by_differences():
    model = APR(make_shop(n_users=5, n_items=60).log.items, width=3, radius=0.3, weight=0.7)
    rng = np.random.default_rng(0)
    user, taken, other = rng.normal(size=(3, 1, 4))
    user[:, -1] = 1.0  # the bias' partner
    shifts = model._shifts(user, taken, other)

    def loss(u, i, j):  # with the shifts held where they are, as the paper follows it
        plain = np.logaddexp(0, -((u * (i - j)).sum()))
        moved = (u + shifts[0]) * (i + shifts[1] - j - shifts[2])
        decay = model.penalty / 2 * ((u[:, :-1] ** 2).sum() + (i**2).sum() + (j**2).sum())
        return plain + 0.7 * np.logaddexp(0, -moved.sum()) + decay

    _, of_user, of_items = model._slopes(user, taken, other)
    vectors = [user, taken, other]
    for which, found in enumerate([of_user, of_items[:1], of_items[1:]]):
        for column in range(3 if which == 0 else 4):
            step = np.zeros((1, 4))
            step[0, column] = 1e-5
            up, down = ([v + s * step * (n == which) for n, v in enumerate(vectors)]
                        for s in (1, -1))  # fmt: skip
            assert_allclose(found[0, column], (loss(*up) - loss(*down)) / 2e-5, atol=1e-6)
    assert of_user[0, -1] == 0


def test_every_shift_has_the_radius_and_the_adversary_raises_the_loss_most():
    items = make_shop(n_users=5, n_items=60).log.items
    rng = np.random.default_rng(1)
    user, taken, other = rng.normal(size=(3, 40, 6)).astype(np.float32)
    losses = {}
    for extra in ("adversary", "noise", "copy"):
        model = APR(items, width=5, radius=0.5, extra=extra)
        shifts = model._shifts(user, taken, other)
        length = 0.0 if extra == "copy" else 0.5
        for shift in shifts:
            assert_allclose(np.linalg.norm(shift, axis=1), length, atol=1e-6)
            assert_array_equal(shift[:, -1], 0)  # no bias is shifted
        u, i, j = (v + s for v, s in zip((user, taken, other), shifts, strict=True))
        losses[extra] = np.logaddexp(0, -(u * (i - j)).sum(axis=1))
    assert np.all(losses["adversary"] >= losses["noise"] - 1e-6)
    assert np.all(losses["adversary"] > losses["copy"])


def test_while_it_is_warm_it_is_bpr_to_the_last_bit(split, model):
    same = APR(split.train.items, width=16, warm=30).fit(split.train, epochs=30)
    assert_array_equal(same.table, model.table)
    again = same.fit(split.train, epochs=30)  # a second call is warm again
    assert_array_equal(again.table, model.table)
    other = APR(split.train.items, width=16, warm=20).fit(split.train, epochs=30)
    assert not np.array_equal(other.table, model.table)
    assert_allclose(other.losses[:20], model.losses[:20])


def test_it_learns_and_its_vectors_grow(split, model):
    apr = APR(split.train.items, width=16, warm=15).fit(split.train, epochs=30)
    assert evaluate(apr, split.test).mean("ndcg@10") > 0.15
    assert np.linalg.norm(apr.table[1:]) > np.linalg.norm(model.table[1:])


def test_it_is_saved_with_its_settings(split, tmp_path):
    apr = APR(split.train.items, width=4, radius=0.1, extra="noise", warm=1)
    apr.fit(split.train, epochs=2)
    back = load(apr.save(tmp_path / "apr.npz"), APR)
    assert back.config() == apr.config()
    history = split.test.history(slice(5))
    assert_array_equal(back.score_all(history), apr.score_all(history))


@pytest.mark.parametrize("kind", ["random", "adversary"])
def test_every_item_is_shifted_by_the_radius_and_padding_is_not(split, model, kind):
    moved = shifted_items(model, split.train, 0.4, kind) - model.table
    length = np.linalg.norm(moved, axis=1)
    assert length[0] == 0
    assert_allclose(length[1:], 0.4, atol=1e-5)
    share = shifted_items(model, split.train, 0.4, kind, relative=True) - model.table
    mean = np.linalg.norm(model.table[1:], axis=1).mean()
    assert_allclose(np.linalg.norm(share, axis=1)[1:], 0.4 * mean, rtol=1e-4)


def test_the_adversary_raises_the_loss_of_the_log_more_than_chance(split, model):
    def margin(table):
        rng = np.random.default_rng(7)
        user, taken = split.train.user, split.train.item
        other = rng.integers(1, 61, len(user))
        return ((model.users[user] * (table[taken] - table[other])).sum(axis=1)
                + model.bias[taken] - model.bias[other]).mean()  # fmt: skip

    moved = {k: shifted_items(model, split.train, 0.5, k) for k in ("random", "adversary")}
    fall = {k: margin(model.table) - margin(t) for k, t in moved.items()}
    assert fall["adversary"] > 3 * abs(fall["random"])


def test_twice_the_vectors_and_half_the_users_is_the_same_model_and_half_as_touchy(split, model):
    big = BPR(split.train.items, width=16)
    big.table, big.bias = 2 * model.table, model.bias
    big.users, big.mean = model.users / 2, model.mean / 2
    same = shifted_ranking(big, big.table, split.test)["ndcg"]
    assert_allclose(same, shifted_ranking(model, model.table, split.test)["ndcg"])
    far = shifted_items(big, split.train, 2.0, "random", seed=3)
    near = shifted_items(model, split.train, 1.0, "random", seed=3)
    assert_allclose(far, 2 * near, rtol=1e-4, atol=1e-5)
    assert_allclose(shifted_ranking(big, far, split.test)["ndcg"],
                    shifted_ranking(model, near, split.test)["ndcg"])  # fmt: skip


def test_an_unshifted_ranking_is_near_that_of_the_contract(split, model):
    # Asked about the row right after training: then both know the same of each user.
    own = shifted_ranking(model, model.table, split.validation)["ndcg"].mean()
    assert abs(own - evaluate(model, split.validation).mean("ndcg@10")) < 0.15


def test_what_does_not_fit_is_refused(split, model):
    items, train = split.train.items, split.train
    for call, message in [
        (lambda: APR(items, extra="luck"), "extra: expected one of adversary, noise, copy"),
        (lambda: APR(items, radius=0), "radius: expected a finite number above 0"),
        (lambda: APR(items, weight=-1), "weight: expected a finite number"),
        (lambda: APR(items, warm=-1), "warm: expected an integer"),
        (lambda: shifted_items(BPR(items), train, 1, "random"), "model: expected one fitted"),
        (lambda: shifted_items(model, train, 1, "worst"), "kind: expected one of random"),
        (lambda: shifted_items(model, train, 0, "random"), "radius: expected a finite"),
        (lambda: shifted_ranking(model, model.table[:5], split.test), "table: expected"),
        (lambda: shifted_ranking(model, np.full_like(model.table, np.nan), split.test),
         "table: expected finite"),
        (lambda: shifted_ranking(BPR(items), model.table[:, :0], split.test), "table: expected"),
        (lambda: shifted_ranking(model, model.table, Holdout(split.test.log, np.zeros(0, int))),
         "holdout: expected targets"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            call()
