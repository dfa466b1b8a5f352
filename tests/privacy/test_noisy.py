"""Noise added once: sensitivity by leaving users out, agreement without noise, and refusals."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Vocabulary
from attnrec_lite.formulas import gaussian_noise
from attnrec_lite.models import NoisyEASE, NoisyPopularity, load
from attnrec_lite.models._binary import log_matrix

LOUD = {"epsilon": 1.0, "delta": 1e-3}
QUIET = {"epsilon": 300.0, "delta": 1e-3}


def test_nobody_adds_more_than_one_to_what_is_released(small_log):
    rows = NoisyEASE(small_log.items, **LOUD)._rows(small_log).toarray()
    assert_allclose(np.linalg.norm(rows, axis=1), 1)
    total = rows.T @ rows
    for user in range(len(rows)):
        rest = np.delete(rows, user, axis=0)
        assert np.linalg.norm(np.triu(total - rest.T @ rest)) <= 1 + 1e-12
        assert np.linalg.norm(rows.sum(0) - rest.sum(0)) <= 1 + 1e-12


def test_the_noise_is_what_the_promise_asks_for(small_log):
    exact = NoisyPopularity(small_log.items, **LOUD)._rows(small_log).sum(axis=0)
    apart = [
        NoisyPopularity(small_log.items, **LOUD, seed=s).fit(small_log).counts - exact
        for s in range(60)
    ]
    assert_allclose(np.std(apart), gaussian_noise(**LOUD), rtol=0.03)


def test_with_hardly_any_noise_it_is_the_ridge_of_normalised_rows(small_log):
    model = NoisyEASE(small_log.items, epsilon=700.0, delta=1e-3, penalty=50.0).fit(small_log)
    met = log_matrix(small_log).toarray()
    rows = met / np.linalg.norm(met, axis=1, keepdims=True)
    inverse = np.linalg.inv(rows.T @ rows + 50.0 * np.eye(61))
    expected = -inverse / np.diag(inverse)
    np.fill_diagonal(expected, 0)
    assert_allclose(model.weights[1:, 1:], expected[1:, 1:], atol=6e-3)
    assert np.corrcoef(model.weights[1:, 1:].ravel(), expected[1:, 1:].ravel())[0, 1] > 0.9


def test_what_is_released_is_symmetric_noise_and_positive(small_log, monkeypatch):
    seen = []
    from attnrec_lite.privacy import noisy

    original = noisy.linalg.eigh
    monkeypatch.setattr(noisy.linalg, "eigh", lambda m: (seen.append(m), original(m))[1])
    model = NoisyEASE(small_log.items, **LOUD).fit(small_log)
    assert_allclose(seen[0], seen[0].T)
    rows = model._rows(small_log).toarray()
    noise = (seen[0] - rows.T @ rows)[np.triu_indices(61)]
    assert_allclose(noise.std(), gaussian_noise(**LOUD), rtol=0.1)
    assert np.isfinite(model.weights).all()
    assert (np.diag(model.weights) == 0).all()


@pytest.mark.parametrize("kind", [NoisyPopularity, NoisyEASE])
def test_saved_promised_and_refused(kind, small_log, tmp_path):
    model = kind(small_log.items, **QUIET, seed=3).fit(small_log)
    again = load(model.save(tmp_path / "model.npz"))
    assert (again.score_all([[1, 2]]) == model.score_all([[1, 2]])).all()
    assert (again.promise.epsilon, again.promise.delta) == (300.0, 1e-3)
    assert model.attention([[0, 1, 2]], [[3]]).weights.shape[-1] == 3
    with pytest.raises(ValueError, match="^delta: expected less than 1 / 60"):
        kind(small_log.items, 1.0, delta=0.5).fit(small_log)
    for epsilon in (0, -1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="^epsilon: expected a finite number above 0"):
            kind(small_log.items, epsilon)
    with pytest.raises(ValueError, match="^delta: expected a number above 0 and below 1"):
        kind(small_log.items, 1.0, 0.0)
    with pytest.raises(ValueError, match="^log: expected 2 items"):
        kind(Vocabulary(np.array([1, 2])), 1.0, 1e-3).fit(small_log)


def test_a_user_without_rows_adds_nothing(small_log):
    empty = small_log.select(small_log.user > 0)
    rows = NoisyEASE(small_log.items, **LOUD)._rows(empty).toarray()
    assert (rows[0] == 0).all()
    assert np.isfinite(rows).all()


def test_a_penalty_of_nothing_is_refused(small_log):
    with pytest.raises(ValueError, match="^penalty: expected a finite number above 0"):
        NoisyEASE(small_log.items, penalty=0)
