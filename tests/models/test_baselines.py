"""Popularity that fades, and the list of baselines."""

import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions, Vocabulary
from attnrec_lite.models import Popularity, RecentPopularity, Recommender, baselines_for

DAY = 86_400
rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(1, 6), st.integers(0, 400 * DAY)),
    min_size=1, max_size=30, unique=True,
)  # fmt: skip


def table(of):
    """A log over a catalogue of eight, so that some items have no row."""
    user, item, time = zip(*of, strict=True)
    everything = Interactions.from_columns(
        [*user, *[9] * 8], [*item, *range(1, 9)], [*time, *[0] * 8]
    )
    return everything.select(everything.user < everything.n_users - 1)


def ranking(model):
    return model.recommend([[0]], 8)[0][0].tolist()


@settings(deadline=None)
@given(rows, st.floats(0.5, 500))
def test_a_row_counts_one_half_after_each_half_life(of, half_life):
    log = table(of)
    found = RecentPopularity(log.items, half_life).fit(log).score_all([[0]])[0]
    counts = np.zeros(9)
    for item, time in zip(log.item, log.time, strict=True):
        counts[item] += 0.5 ** ((log.time.max() - time) / DAY / half_life)
    met = counts > 0
    assert_allclose(found[met], np.log2(counts[met]), atol=1e-4, rtol=1e-5)
    assert_allclose(found[1:][~met[1:]], found[met].min() - 1, atol=1e-5)


def test_what_has_no_row_scores_one_less_than_the_least_of_the_others():
    log = table([(user, 1, 0) for user in range(3)])
    found = RecentPopularity(log.items).fit(log).score_all([[0]])[0]
    assert_allclose(found[1:], [np.log2(3), *[np.log2(3) - 1] * 7], rtol=1e-6)


@settings(deadline=None)
@given(rows)
def test_with_an_endless_half_life_it_ranks_as_popularity(of):
    log = table(of)
    forever = RecentPopularity(log.items, math.inf).fit(log)
    assert ranking(forever) == ranking(Popularity(log.items).fit(log))


@settings(deadline=None)
@given(rows)
def test_with_a_half_life_of_a_second_the_newest_row_of_an_item_decides(of):
    log = table([(u, i, 60 * t) for t, (u, i, _) in enumerate(of)])
    newest = {item: log.time[log.item == item].max() for item in set(log.item.tolist())}
    expected = sorted(range(1, 9), key=lambda i: (-newest.get(i, -1), i))
    assert ranking(RecentPopularity(log.items, 1 / DAY).fit(log)) == expected


def test_the_half_life_changes_who_leads():
    old, new = [(u, 1, 0) for u in range(3)], [(3, 2, 10 * DAY)]
    log = table(old + new)
    assert ranking(RecentPopularity(log.items, 100).fit(log))[:2] == [1, 2]
    assert ranking(RecentPopularity(log.items, 1).fit(log))[:2] == [2, 1]


@pytest.mark.parametrize("half_life", [0, -1, 1e-6, math.nan, "30", None])
def test_a_half_life_below_a_second_is_refused(half_life):
    with pytest.raises(ValueError, match=f"^half_life: .* received {half_life!r}"):
        RecentPopularity(Vocabulary(np.array([1])), half_life)


def test_an_endless_half_life_survives_a_file(tmp_path):
    from attnrec_lite.models import load

    log = table([(0, 1, 5), (1, 2, 3)])
    model = RecentPopularity(log.items, math.inf).fit(log)
    again = load(model.save(tmp_path / "model.npz"))
    assert again.config() == {"half_life": math.inf}
    assert_array_equal(again.score_all([[0]]), model.score_all([[0]]))


@pytest.mark.parametrize("n", [1, 2, 7])
def test_every_baseline_fits_a_small_log_and_ranks_what_is_left(n):
    log = Interactions.from_columns([0] * n, range(n), range(n))
    for model in baselines_for(log.items):
        assert isinstance(model, Recommender)
        assert_array_equal(np.sort(model.fit(log).recommend([[0]], n)[0][0]), np.arange(1, n + 1))
        assert model.recommend([[*range(1, n + 1)]], 1)[0].item() == 0


def test_baselines_fit_a_log_without_a_row():
    log = table([(0, 1, 5)])
    for model in baselines_for(log.items):
        scores = model.fit(log.select([])).score_all([[0], [3]])
        assert np.isfinite(scores[:, 1:]).all()


def test_the_first_item_of_an_empty_history_is_the_most_popular():
    log = table([(0, 3, 0), (1, 3, 1), (2, 3, 2), (1, 5, 3), (2, 5, 4), (3, 6, 5)])
    for model in baselines_for(log.items):
        assert ranking(model.fit(log))[0] == 3, model.name


def test_a_large_catalogue_goes_without_ease():
    names = [model.name for model in baselines_for(Vocabulary(np.arange(40_000)))]
    assert "ease" not in names
    assert {"popularity", "item-knn"} <= set(names)


def test_baselines_do_not_wait_for_tensorflow():
    code = (
        "import sys; from attnrec_lite.data import Interactions; "
        "from attnrec_lite.models import baselines_for; "
        "log = Interactions.from_columns([0, 0], [1, 2], [1, 2]); "
        "[m.fit(log).recommend([[1]], 1) for m in baselines_for(log.items)]; "
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
