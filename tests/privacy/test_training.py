"""Clipping person by person, noise of the right size, and gradients against finite differences."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions, Vocabulary
from attnrec_lite.evaluation import evaluate
from attnrec_lite.formulas import clipped_rows
from attnrec_lite.models import LocalFactors, Popularity, PrivateFactors, load
from attnrec_lite.models._binary import history_matrix, log_matrix
from attnrec_lite.privacy import clipped_sum, epsilon_for, promise_of

quick = settings(deadline=None, max_examples=40)
sides = st.floats(-1e3, 1e3)


@pytest.fixture(scope="module")
def met(small_log):
    return log_matrix(small_log).toarray()


@quick
@given(arrays(np.float64, (5, 4), elements=sides), arrays(np.float64, (5, 3), elements=sides))
def test_the_sum_is_that_of_whole_gradients_each_clipped_alone(residual, users):
    whole = np.einsum("un,ud->und", residual, users).reshape(5, -1)
    cut = clipped_rows(whole, 0.5)
    total, lengths = clipped_sum(residual, users, 0.5)
    assert_allclose(total.ravel(), cut.sum(0), atol=1e-9)
    assert_allclose(lengths, np.linalg.norm(cut, axis=1), atol=1e-9)
    assert (lengths <= 0.5 * (1 + 1e-12)).all()


def test_in_a_real_training_nobody_passes_the_limit_and_leaving_moves_the_sum_by_it(met, small_log):
    model = PrivateFactors(small_log.items, noise=0.0, delta=1e-3, rounds=5).fit(small_log)
    residual, users = model.gradients(met)
    before = np.linalg.norm(residual, axis=1) * np.linalg.norm(users, axis=1)
    total, lengths = clipped_sum(residual, users, 0.1)
    assert before.max() > 0.1  # there is something to clip
    assert lengths.max() <= 0.1 * (1 + 1e-12)
    for person in range(len(met)):
        rest, _ = clipped_sum(*model.gradients(np.delete(met, person, axis=0)), 0.1)
        assert np.linalg.norm(total - rest) <= 0.1 * (1 + 1e-9)


def test_the_noise_of_a_round_has_the_deviation_that_the_accountant_is_told(met, small_log):
    model = PrivateFactors(small_log.items, noise=3.0, limit=0.2, delta=1e-3)
    quiet = PrivateFactors(small_log.items, noise=0.0, limit=0.2, delta=1e-3)
    exact = quiet._slope(met, 10.0, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    apart = np.array([model._slope(met, 10.0, rng) - exact for _ in range(40)])
    assert_allclose(apart[:, 1:].std(), 3.0 * 0.2 / 10, rtol=0.02)
    assert abs(apart.mean()) < 0.002
    assert (apart[:, 0] == 0).all()
    nobody = model._slope(met[:0], 10.0, rng)  # a round that nobody was drawn for is noise alone
    assert_allclose(nobody[1:].std(), 0.06, rtol=0.1)


def test_persons_are_drawn_each_alone_and_the_divisor_is_what_is_expected(small_log, monkeypatch):
    drawn, expected = [], []

    def slope(self, met, expects, rng):
        drawn.append(len(met))
        expected.append(expects)
        return np.zeros_like(self.table)

    monkeypatch.setattr(LocalFactors, "_slope", slope)
    LocalFactors(small_log.items, rounds=2000, rate=0.2).fit(small_log)
    n = small_log.n_users
    assert_allclose(np.mean(drawn), 0.2 * n, rtol=0.03)
    assert_allclose(np.var(drawn), 0.2 * 0.8 * n, rtol=0.12)  # a fixed batch would have none
    assert set(expected) == {0.2 * n}


def test_the_gradient_is_that_of_the_loss_with_the_user_solved_for(met, small_log):
    model = LocalFactors(small_log.items, width=3)
    residual, users = model.gradients(met[:1])
    slope = np.outer(residual[0], users[0])
    rng = np.random.default_rng(0)
    for _ in range(5):
        way = rng.normal(size=model.table.shape)
        way[0] = 0
        start, sides = model.table, []
        for step in (1e-5, -1e-5):
            model.table = start + step * way
            sides.append(model.losses(met[:1])[0])
        model.table = start
        assert_allclose((sides[0] - sides[1]) / 2e-5, (slope * way).sum(), rtol=1e-5)


def test_user_vectors_solve_their_problem(met, small_log):
    model = LocalFactors(small_log.items, width=3)
    users, best = model.user_vectors(met), model.losses(met)

    def loss(u):
        scores = u @ model.table.T
        weight = np.where(met > 0, 1, model.unseen)
        return 0.5 * (weight * (met - scores) ** 2).sum(1) + 0.5 * (u**2).sum(1)

    assert_allclose(loss(users), best)
    rng = np.random.default_rng(0)
    for _ in range(20):
        assert (loss(users + rng.normal(0, 0.1, users.shape)) > best).all()
    assert (model.user_vectors(np.zeros((1, len(model.table)))) == 0).all()


def test_it_learns_without_noise_and_nothing_under_a_storm(small_split):
    train, n = small_split.train, small_split.train.n_users
    quality = {}
    for noise in (0.0, 1000.0):
        model = PrivateFactors(train.items, noise=noise, rate=0.5, rounds=60, delta=0.5 / n)
        found = evaluate(model.fit(train), small_split.test, 10)
        quality[noise] = found.per_user["ndcg@10"].mean()
    popular = evaluate(Popularity(train.items).fit(train), small_split.test, 10)
    assert quality[0.0] > 2 * popular.per_user["ndcg@10"].mean()
    assert quality[1000.0] < 0.5 * quality[0.0]


def test_the_promise_is_the_accountants_and_needs_no_data(small_log):
    model = PrivateFactors(small_log.items, noise=2.0, rate=0.1, rounds=30, delta=1e-3)
    assert model.promise.epsilon == epsilon_for(2.0, 0.1, 30, 1e-3)
    assert "one user" in str(promise_of(model))
    assert PrivateFactors(small_log.items, noise=0.0).promise.epsilon == np.inf
    assert promise_of(LocalFactors(small_log.items)) is None


def test_the_same_seed_gives_the_same_table_and_it_is_saved_whole(small_log, tmp_path):
    model = PrivateFactors(small_log.items, rounds=4, delta=1e-3, seed=5).fit(small_log)
    again = load(model.save(tmp_path / "model.npz"))
    history = [[0, 3, 9], [0, 0, 0]]
    assert (again.score_all(history) == model.score_all(history)).all()
    assert again.config() == model.config()
    other = PrivateFactors(small_log.items, rounds=4, delta=1e-3, seed=5).fit(small_log)
    assert (other.table == model.table).all()


def test_attention_adds_up_to_the_score(small_log):
    model = LocalFactors(small_log.items, width=4, rounds=20).fit(small_log)
    history = np.array([[0, 3, 9, 3, 7]])
    record = model.attention(history, [[5, 6]])
    assert_allclose(record.weights.sum(-1), 1, rtol=1e-5)
    assert (record.weights[..., [0, 1]] == 0).all()  # padding, and the 3 that comes again
    user = model.user_vectors(history_matrix(history, 60).toarray())[0]
    weight = np.full(61, model.unseen)
    weight[[3, 9, 7]] = 1
    gram = (model.table * weight[:, None]).T @ model.table + np.eye(4)
    parts = model.table[[5]] @ np.linalg.solve(gram, model.table[[9, 3, 7]].T)
    assert_allclose(parts.sum(), model.table[5] @ user)
    assert_allclose(
        record.weights[0, 0, 2:], np.abs(parts[0][[0, 1, 2]]) / np.abs(parts).sum(), rtol=1e-5
    )


def test_one_user_and_one_item_are_a_log_too():
    log = Interactions.from_columns([0], [1], [0])
    model = PrivateFactors(log.items, rounds=2, delta=0.5).fit(log)
    assert model.recommend([[0]], k=3)[0].tolist() == [[1, 0, 0]]


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"noise": -1}, "^noise: expected a number from 0"),
        ({"noise": np.nan}, "^noise: expected finite"),
        ({"limit": 0}, "^limit: expected a finite number above 0"),
        ({"delta": 0}, "^delta: expected a number above 0 and below 1"),
        ({"rate": 0}, "^rate: expected a chance above 0 and up to 1"),
        ({"momentum": 1.0}, "^momentum: expected a number in"),
        ({"unseen": 1.0}, "^unseen: expected a number above 0 and below 1"),
        ({"rounds": 0}, "^rounds: expected an integer of at least 1"),
    ],
)
def test_settings_are_refused_by_name(settings_, message):
    with pytest.raises(ValueError, match=message):
        PrivateFactors(Vocabulary(np.array([1, 2])), **settings_)


def test_a_log_that_cannot_be_private_or_learned_is_refused(small_log):
    with pytest.raises(ValueError, match="^delta: expected less than 1 / 60"):
        PrivateFactors(small_log.items, delta=1 / 60).fit(small_log)
    with pytest.raises(ValueError, match="^log: expected a user with a row"):
        PrivateFactors(small_log.items, delta=1e-3).fit(small_log.select([]))
    with pytest.raises(ValueError, match="^log: expected 2 items"):
        PrivateFactors(Vocabulary(np.array([1, 2])), delta=1e-3).fit(small_log)
    with pytest.raises(ValueError, match="^met: expected finite"):
        LocalFactors(small_log.items).gradients(np.full((1, 61), np.nan))
    with pytest.raises(ValueError, match="^limit: expected a finite number above 0"):
        clipped_sum(np.ones((1, 1)), np.ones((1, 1)), 0)
