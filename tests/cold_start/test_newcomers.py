"""Cuts of a log: who is new, what is known of them, and that nothing else changes."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from attnrec_lite.cold_start import (
    entry_segment,
    evaluate_groups,
    few_rows,
    knowing,
    new_users,
    of_items,
    scarce_items,
    shop_answers,
)
from attnrec_lite.data import Holdout, leave_one_out, make_shop
from attnrec_lite.evaluation import compare_table, evaluate
from attnrec_lite.models import Popularity, SegmentPopularity

SHOP = make_shop(n_users=200)
LOG = SHOP.log
SPLIT = new_users(LOG, seed=3)


def test_a_newcomer_is_in_no_training_or_validation_row_and_has_enough_rows():
    new = np.unique(SPLIT.test.user)
    able = np.flatnonzero(np.diff(LOG.bounds()) >= 11)
    assert len(new) == round(0.2 * len(able))
    assert np.isin(new, able).all()
    assert not np.isin(SPLIT.train.user, new).any()
    assert not np.isin(SPLIT.validation.user, new).any()
    assert_array_equal(SPLIT.test.row, LOG.bounds()[new + 1] - 1)


def test_of_the_others_nothing_but_the_last_two_rows_is_left_out():
    old = leave_one_out(LOG)
    kept = ~np.isin(old.train.user, np.unique(SPLIT.test.user))
    assert_array_equal(SPLIT.train.item, old.train.item[kept])
    assert not np.array_equal(SPLIT.test.row, new_users(LOG, seed=4).test.row)
    assert_array_equal(SPLIT.test.row, new_users(LOG, seed=3).test.row)


@pytest.mark.parametrize("known", [0, 1, 2, 5, 10])
def test_the_people_stay_and_are_met_after_their_first_rows(known):
    early = knowing(SPLIT.test, known)
    assert_array_equal(early.user, SPLIT.test.user)
    for history, target, user in zip(early.history(), early.item, early.user, strict=True):
        rows = LOG.item[LOG.bounds()[user] :][: known + 1].tolist()
        assert history[history > 0].tolist() == rows[:-1]
        assert target == rows[-1]
    assert early.rule == f"row {known + 1} of each newcomer"


def test_scarce_items_keep_their_rows_and_fewer_are_a_part_of_more():
    split = leave_one_out(LOG)
    scarce, before = scarce_items(split), np.bincount(split.train.item, minlength=241)
    cut = {n: few_rows(split, n) for n in (0, 1, 5, 10)}
    for n, part in cut.items():
        counts = np.bincount(part.train.item, minlength=241)
        assert (counts[scarce] == n).all()
        rest = np.setdiff1d(np.arange(241), scarce)
        assert_array_equal(counts[rest], before[rest])
        assert part.test is split.test

    def rows(part):
        columns = part.train.user, part.train.item, part.train.time
        return set(zip(*columns, strict=True))

    assert rows(cut[0]) < rows(cut[1]) < rows(cut[5]) < rows(cut[10])
    assert "keep 5 training rows" in cut[5].protocol


def test_targets_of_some_items_and_of_the_others_make_all():
    some = of_items(SPLIT.test, range(1, 100))
    rest = of_items(SPLIT.test, range(100, 241))
    assert (some.item < 100).all()
    assert_array_equal(np.sort(np.concatenate([some.row, rest.row])), SPLIT.test.row)
    assert len(of_items(SPLIT.test, [])) == 0


def test_groups_are_evaluated_as_if_each_were_alone_and_stay_in_order():
    segment = SHOP.interests.argmax(axis=1)
    model = SegmentPopularity(LOG.items, 12).fit(SPLIT.train, segment)
    found = evaluate_groups(model.of, segment[SPLIT.test.user], SPLIT.test)
    for place, (row, user) in enumerate(zip(SPLIT.test.row, SPLIT.test.user, strict=True)):
        alone = evaluate(model.of(int(segment[user])), Holdout(LOG, np.array([row])))
        assert found.per_user["ndcg@10"][place] == alone.per_user["ndcg@10"][0]
    assert_array_equal(found.targets, SPLIT.test.item)


def test_one_group_is_a_plain_evaluation_and_comparable_with_others():
    model = Popularity(LOG.items).fit(SPLIT.train)
    found = evaluate_groups(lambda _: model, np.zeros(len(SPLIT.test), int), SPLIT.test)
    plain = evaluate(model, SPLIT.test)
    assert found.protocol == plain.protocol
    for name, column in plain.per_user.items():
        assert_array_equal(found.per_user[name], column)
    model = SegmentPopularity(LOG.items, 12).fit(SPLIT.train, SHOP.shares.argmax(axis=1))
    two = evaluate_groups(model.of, SHOP.shares.argmax(axis=1)[SPLIT.test.user], SPLIT.test)
    assert len(compare_table([two, plain], ["ndcg@10"]).rows) == 2


def test_a_door_tells_the_main_interest_as_often_as_it_says():
    shop = make_shop(n_users=3000)
    main = shop.shares.argmax(axis=1)
    assert_array_equal(entry_segment(shop, truth=1.0), main)
    assert (entry_segment(shop, truth=0.7) == main).mean() == pytest.approx(
        0.7 + 0.3 / 12, abs=0.03
    )
    assert (entry_segment(shop, truth=0.0) == main).mean() == pytest.approx(1 / 12, abs=0.03)


def test_answers_are_the_interests_but_for_errors_and_silence():
    goods = [1, 2, 12]
    clean = shop_answers(SHOP, goods, error=0, silent=0)
    assert_array_equal(clean, SHOP.interests[:, SHOP.category[goods]])
    shop = make_shop(n_users=3000)
    said = shop_answers(shop, np.arange(1, 13), error=0.05, silent=0.1)
    truth = shop.interests[:, shop.category[1:13]]
    heard = ~np.isnan(said)
    assert heard.mean() == pytest.approx(0.9, abs=0.01)
    assert (said[heard] != truth[heard]).mean() == pytest.approx(0.05, abs=0.01)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: new_users(LOG, 0.0), "^share"),
        (lambda: new_users(LOG, 0.001), "^share: expected one that draws some of the .* users"),
        (lambda: new_users(LOG, at_least=99), "^share: expected one that draws some of the 0"),
        (lambda: new_users(LOG, at_least=0), "^at_least"),
        (lambda: knowing(SPLIT.test, -1), "^known"),
        (lambda: knowing(SPLIT.test, 11), "^known: expected less than 11, what everybody has"),
        (lambda: few_rows(leave_one_out(LOG), 11), "^known: expected at most 10; received 11"),
        (lambda: few_rows(leave_one_out(LOG), 1, most=10**6), "^share: expected one that draws"),
        (lambda: evaluate_groups(lambda _: None, [0], SPLIT.test), "^group: expected one for each"),
        (lambda: evaluate_groups(lambda _: None, [], of_items(SPLIT.test, [])), "^group"),
        (lambda: entry_segment(SHOP, 1.5), "^truth"),
        (lambda: shop_answers(SHOP, [241]), "^goods"),
        (lambda: shop_answers(SHOP, [1], error=-1), "^error"),
    ],
)
def test_what_does_not_fit_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
