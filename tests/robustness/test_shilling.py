"""Made-up users: what is added, what stays, who is refused, and who finds them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import Interactions
from attnrec_lite.formulas import rating_deviation, target_hits
from attnrec_lite.models import Successors
from attnrec_lite.robustness import (
    DETECTORS,
    detection,
    item_rating,
    neighbour_ratings,
    push_clicks,
    shill,
    suspicion,
)
from attnrec_lite.robustness.defences import MEANS
from attnrec_lite.robustness.detectors import rater_features, rating_table


def ratings_log(users=60, items=30, seed=0, names=False):
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(users, 2)) @ rng.normal(size=(2, items))
    u, i = np.nonzero(rng.random((users, items)) < 0.5)
    value = np.clip(np.rint(2 * (3 + taste[u, i])) / 2, 0.5, 5)
    who = np.array([f"p{n:03}" for n in range(users)])[u] if names else u
    return Interactions.from_columns(who, i + 1, np.arange(len(u)), value=value)


LOG = ratings_log()


@pytest.mark.parametrize("kind", ["random", "average", "bandwagon"])
def test_honest_rows_stay_and_every_rater_pushes_the_target(kind):
    bad = shill(LOG, kind, 7, 6, filler=10, seed=1)
    honest = ~bad.fake[bad.log.user]
    for name in ("user", "item", "time", "value"):
        assert_array_equal(getattr(bad.log, name)[honest], getattr(LOG, name))
    assert bad.fake.sum() == 6
    assert bad.log.n_users == LOG.n_users + 6
    assert len(set(bad.log.user_ids.tolist())) == bad.log.n_users
    for user in np.flatnonzero(bad.fake):
        mine = bad.log.user == user
        assert bad.log.value[mine & (bad.log.item == 7)].tolist() == [5.0]
        assert 11 <= mine.sum() <= 11 + 5 * (kind == "bandwagon")
        assert len(set(bad.log.item[mine].tolist())) == mine.sum()  # nothing is rated twice


def test_average_raters_are_nearer_to_the_item_means():
    means = np.nanmean(rating_table(LOG), axis=0)

    def apart(kind):
        bad = shill(LOG, kind, 7, 40, filler=20)
        mine = bad.fake[bad.log.user] & (bad.log.item != 7)
        return np.corrcoef(bad.log.value[mine], means[bad.log.item[mine] - 1])[0, 1]

    assert apart("average") > apart("random") + 0.1


def test_no_filler_is_the_target_alone_and_more_filler_than_items_is_all():
    assert len(shill(LOG, "random", 7, 2, filler=0).log) == len(LOG) + 2
    assert len(shill(LOG, "random", 7, 2, filler=999).log) == len(LOG) + 2 * LOG.n_items


def test_users_with_names_get_company_with_names():
    log = ratings_log(names=True)
    bad = shill(log, "random", 1, 2)
    assert bad.log.user_ids[-1] == "made up 1"
    assert bad.log.n_users == log.n_users + 2


def test_an_attacker_with_more_profiles_than_users_is_refused():
    shill(LOG, "random", 1, LOG.n_users, filler=1)
    for call in (shill, push_clicks):
        with pytest.raises(ValueError, match="profiles: expected at most 60.*majority"):
            call(LOG, *(("random",) if call is shill else ()), 1, LOG.n_users + 1)


def test_pushed_sessions_alternate_and_the_next_step_learns_them():
    rng = np.random.default_rng(0)
    log = Interactions.from_columns(np.repeat(range(50), 8), rng.integers(1, 31, 400), range(400))
    bad = push_clicks(log, 30, 20, length=10)
    for user in np.flatnonzero(bad.fake):
        items = bad.log.item[bad.log.user == user]
        assert_array_equal(items[1::2], 30)
        assert (items[::2] != 30).all()
    asked = np.arange(1, 30)[:, None]
    hits = [target_hits(Successors(log.items).fit(x).recommend(asked, 3)[0], 30, 30)
            for x in (log, bad.log)]  # fmt: skip
    assert hits[1] > hits[0] + 0.5


def test_pushed_sessions_in_a_log_of_ratings_carry_none():
    bad = push_clicks(LOG, 3, 2, length=4)
    assert np.isnan(bad.log.value[bad.fake[bad.log.user]]).all()


def test_neighbours_equal_the_loop():
    r = rating_table(LOG)
    found = neighbour_ratings(r, 4, np.arange(20), k=5)
    mean = np.nanmean(r, axis=1)
    c = np.nan_to_num(r - mean[:, None])
    for user in range(20):
        own = c[user].copy()
        own[4] = 0
        likes = []
        for rater in np.flatnonzero(~np.isnan(r[:, 4])):
            if rater != user:
                norm = np.linalg.norm(c[user]) * np.linalg.norm(c[rater])
                likes.append((own @ c[rater] / norm, c[rater, 4]))
        likes.sort(key=lambda pair: -pair[0])
        near = [(a, b) for a, b in likes[:5] if a > 0]
        lift = sum(a * b for a, b in near) / sum(a for a, _ in near) if near else 0
        assert_allclose(found[user], mean[user] + lift)


def test_who_is_like_nobody_gets_their_own_mean():
    nan = np.nan
    assert_allclose(neighbour_ratings([[4.0, 2.0, nan], [nan, nan, nan]], 2, [0, 1]), [3.0, 0.0])


def test_means_that_a_few_raters_cannot_move():
    honest, few = np.full(40, 2.0), np.full(3, 5.0)
    both = np.concatenate([honest, few])
    shift = {how: item_rating(both, how, 2.0) - item_rating(honest, how, 2.0) for how in MEANS}
    assert shift["mean"] > shift["damped"] > 0.1
    assert shift["trimmed"] == pytest.approx(0)
    assert shift["median"] == 0
    many = np.concatenate([honest, np.full(41, 5.0)])
    assert item_rating(many, "median") == 5.0  # a majority decides
    for how in MEANS[:1] + MEANS[2:]:
        assert item_rating([4.0], how) == 4.0


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_detector_gives_each_rater_a_finite_or_infinite_number(detector):
    pytest.importorskip("sklearn")
    bad = shill(LOG, "random", 7, 5, filler=10)
    found = suspicion(bad.log, detector)
    assert found.shape == (65,)
    assert not np.isnan(found).any()
    assert 0 <= detection(found, bad.fake).auc <= 1
    same = ratings_log()
    constant = Interactions.from_columns(same.user, same.item, same.time, value=[3.0] * len(same))
    assert not np.isnan(suspicion(constant, detector)).any()


def test_a_detector_can_defend_the_attackers():
    bad = shill(LOG, "random", 7, 5, filler=14)
    found = detection(-suspicion(bad.log, "pca"), bad.fake)
    assert found.auc < 0.5
    assert (found.honest, found.fake) == (60, 5)
    assert found.at_1 <= found.at_5


def test_infinite_suspicion_counts_as_the_most():
    assert detection([0.0, 1.0, np.inf], [False, False, True]).auc == 1.0


def test_features_by_hand():
    r = np.array([[5.0, 1.0, np.nan], [5.0, 5.0, 2.0], [4.0, 4.0, 4.0]])
    found = rater_features(r)
    assert_allclose(found[:, 0], rating_deviation(r))
    assert_allclose(found[0, 2:6], [np.log(3), 3.0, 2.0, 0.5])
    assert_allclose(found[2, 4:], [0, 0, 0])  # who likes everything alike is like nobody


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shill(LOG, "love", 1, 1), "kind: expected one of"),
        (lambda: shill(LOG, "random", 31, 1), "target: expected ids in 1..30"),
        (lambda: shill(LOG, "random", 1, 0), "profiles: expected an integer of at least 1"),
        (lambda: shill(LOG, "random", 1, 1, filler=-1), "filler: expected an integer"),
        (lambda: push_clicks(LOG, 0, 1), "target: expected ids in 1..30"),
        (lambda: push_clicks(LOG, 1, 1, length=1), "length: expected an integer of at least 2"),
        (lambda: item_rating([], "mean"), "ratings: expected at least 1"),
        (lambda: item_rating([1.0], "mode"), "how: expected one of mean"),
        (lambda: neighbour_ratings([[1.0]], 1, [0]), "target, users: expected places"),
        (lambda: neighbour_ratings([[1.0]], 0, [1]), "target, users: expected places"),
        (lambda: suspicion(LOG, "nose"), "detector: expected one of rdma"),
        (lambda: detection([1.0], [True]), "fake: expected both kinds"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_log_without_ratings_is_refused():
    clicks = Interactions.from_columns([0, 1], [1, 2], [1, 2])
    for call in (lambda: shill(clicks, "random", 1, 1), lambda: suspicion(clicks, "rdma")):
        with pytest.raises(ValueError, match="log: expected ratings"):
            call()
    with pytest.raises(ValueError, match="log: expected a click on another item"):
        push_clicks(Interactions.from_columns([0], [1], [1]), 1, 1)
