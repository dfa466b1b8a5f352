"""Checkers for the exercises of the chapter "Data"."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from attnrec_lite import formulas
from attnrec_lite.exercises.core import Answer, Exercise, Wrong, array, near

# 6.1 density(users, items, n_users, n_items) ------------------------------------------------------


def _full(rng: Generator) -> tuple[np.ndarray, np.ndarray, int, int]:
    n_users, n_items = int(rng.integers(3, 7)), int(rng.integers(4, 9))
    place = np.arange(max(n_users, n_items))  # everybody and everything has a row
    cells = place % n_users * n_items + place % n_items
    cells = np.union1d(cells, rng.integers(0, n_users * n_items, 5))
    return cells // n_items, cells % n_items + 1, n_users, n_items


def _density_counts(answer: Answer, rng: Generator) -> None:
    users, items, n_users, n_items = _full(rng)
    found = array(answer(users, items, n_users, n_items), (), "a log without repeats")
    near(found, len(users) / (n_users * n_items),
         f"{len(users)} pairs among {n_users} users and {n_items} items",
         "divide the number of pairs by the number of users times the number of items")  # fmt: skip


def _density_repeats(answer: Answer, rng: Generator) -> None:
    users, items, n_users, n_items = _full(rng)
    found = answer(np.tile(users, 2), np.tile(items, 2), n_users, n_items)
    near(array(found, (), "every row twice"), len(users) / (n_users * n_items), "every row twice",
         "a pair that repeats fills one cell: count different pairs, not rows")  # fmt: skip


def _density_absent(answer: Answer, rng: Generator) -> None:
    users, items, n_users, n_items = _full(rng)
    more = n_users + int(rng.integers(1, 4)), n_items + int(rng.integers(1, 4))
    found = array(answer(users, items, *more), (), "users and items without a row")
    near(found, len(users) / (more[0] * more[1]),
         f"{more[0]} users and {more[1]} items, some of them without a row",
         "users and items without a row have cells too: divide by n_users * n_items")  # fmt: skip


# 6.2 tied(users, times) ---------------------------------------------------------------------------


def _ties(rng: Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    users = rng.integers(0, 4, 24)
    times = rng.choice([0, 10, 100, 1000, 10_000, 100_000], 24)  # no key users * 1000 + times
    same = (users[:, None] == users) & (times[:, None] == times)
    return users, times, same.sum(1) > 1


def _tied_rows(answer: Answer, rng: Generator) -> None:
    users, times, truth = _ties(rng)
    order = np.lexsort((times, users))
    found = array(answer(users[order], times[order]), (24,), "24 rows by user and time")
    advice = "mark every row of a tie, the first of them too"
    if np.any((found != 0) & ~truth[order]):
        advice = "a row ties with another of the same user at the same second"
    near(found, truth[order], "24 rows by user and time", advice)


def _tied_users(answer: Answer, rng: Generator) -> None:
    users, time = rng.permutation(8), int(rng.integers(1000))
    near(array(answer(users, np.full(8, time)), (8,), "eight users"), 0,
         f"eight users with a row each at second {time}",
         "the same second of another user is no tie")  # fmt: skip


def _tied_order(answer: Answer, rng: Generator) -> None:
    users, times, truth = _ties(rng)
    near(array(answer(users, times), (24,), "24 rows in any order"), truth, "24 rows in any order",
         "compare with all rows, not with the neighbour alone; or sort, mark and undo the sort",
         )  # fmt: skip


# 6.3 train_rows(times, share) ---------------------------------------------------------------------


def _cut(answer: Answer, times: np.ndarray, share: float) -> np.ndarray:
    given = f"{len(times)} rows, share={share:.2f}"
    train = array(answer(times.copy(), share), times.shape, given).astype(bool)
    if train.all() or not train.any():
        raise Wrong(f"{given}: expected rows on both sides; received {int(train.sum())} to train")
    return train


def _cut_past(answer: Answer, rng: Generator) -> None:
    times, share = rng.integers(0, 10_000, 60), float(rng.uniform(0.1, 0.4))
    train = _cut(answer, times, share)
    if times[train].max() > times[~train].min():
        raise Wrong(
            f"60 rows in no order: a training row at {times[train].max()}, a test row at "
            f"{times[~train].min()}",
            "the columns are not sorted: choose by time, not by place or by chance",
        )


def _cut_ties(answer: Answer, rng: Generator) -> None:
    times = rng.permutation(np.repeat([0, 1, 2], [10, 60, 10]))
    share = float(rng.uniform(0.2, 0.5))
    train = _cut(answer, times, share)
    if times[train].max() >= times[~train].min():
        raise Wrong(f"80 rows in three seconds: second {times[~train].min()} is on both sides",
                    "rows of one second stay together: compare times with <, do not slice a sorted "
                    "list")  # fmt: skip


def _cut_share(answer: Answer, rng: Generator) -> None:
    times, share = rng.permutation(200) ** 2, float(rng.uniform(0.1, 0.4))
    found = np.mean(~_cut(answer, times, share))
    near(found, share, f"200 different seconds, share={share:.2f}: part that is test",
         "share is the part to test on, the newest: a share of the rows, not of the time they span",
         atol=0.0076)  # fmt: skip


# 6.4 tf_idf(train, test) --------------------------------------------------------------------------


def _texts(rng: Generator) -> tuple[np.ndarray, np.ndarray]:
    train, test = rng.poisson(0.8, (7, 6)), rng.poisson(0.8, (4, 6))
    train[:, 4], test[:, 4] = 1, 1  # stands everywhere
    train[:, 5], test[0, 5] = 0, 2  # no training text has it
    train[0, :4], train[1, :4] = 1, 0  # the others stand in some texts, not in all
    test[0, 0], test[1:, 0], test[1:, 1] = 1, 0, 1  # the first word in one test text only
    return train, test


def _tf_idf_unknown(answer: Answer, rng: Generator) -> None:
    train, test = _texts(rng)
    found = array(answer(train.copy(), test.copy()), test.shape, "7 and 4 texts of 6 words")
    near(found[:, 5], 0, "a word that only test texts have: its column",
         "what training has never seen is not in the vocabulary: its weight is 0")  # fmt: skip


def _tf_idf_train_only(answer: Answer, rng: Generator) -> None:
    train, test = _texts(rng)
    alone = array(answer(train.copy(), test[:1].copy()), (1, 6), "the first test text alone")
    among = array(answer(train.copy(), test.copy()), test.shape, "among three others")
    near(among[:1], alone, "the first test text, alone and among three others",
         "the other test texts must not count: rarity comes from the training texts")  # fmt: skip


def _tf_idf_values(answer: Answer, rng: Generator) -> None:
    train, test = _texts(rng)
    found = array(answer(train.copy(), test.copy()), test.shape, "7 and 4 texts of 6 words")
    length = np.linalg.norm(found, axis=1)
    advice = "rarity is 1 + ln((1 + D) / (1 + D_w)), with D and D_w counted in training"
    if not np.allclose(length[(test[:, :5] > 0).any(1)], 1):
        advice = "divide each text by its length, after the unknown words are gone"
    near(found, formulas.tf_idf(test, train), "test texts of 6 words", advice)


# 6.5 negatives(history, n_items, count, rng) ------------------------------------------------------


def _drawn(answer: Answer, history: np.ndarray, n: int, count: int, rng: Generator) -> np.ndarray:
    given = f"a history of {len(history)} of {n} items, {count} draws"
    found = array(answer(history.copy(), n, count, rng), (count,), given)
    if np.any((found != np.rint(found)) | (found < 1) | (found > n)):
        received = f"received {found.min():g} to {found.max():g}"
        raise Wrong(f"{given}: expected ids 1..{n}; {received}",
                    "0 is padding and N an item: rng.integers(1, n_items + 1)")  # fmt: skip
    return found.astype(int)


def _negatives_new(answer: Answer, rng: Generator) -> None:
    n = int(rng.integers(8, 20))
    history = rng.permutation(n)[: n // 2] + 1
    found = _drawn(answer, history, n, 400, rng)
    near(np.isin(found, history).sum(), 0, f"{n // 2} of {n} items in the history: draws that are",
         "leave the history out of what you draw from")  # fmt: skip


def _negatives_one_left(answer: Answer, rng: Generator) -> None:
    n, left = int(rng.integers(30, 60)), int(rng.integers(1, 30))
    history = np.setdiff1d(np.arange(1, n + 1), [left])
    near(_drawn(answer, history, n, 5, rng), left, f"all but item {left} of {n} in the history",
         "there may be fewer items left than draws: draw with replacement from what is left",
         )  # fmt: skip


def _negatives_even(answer: Answer, rng: Generator) -> None:
    n, count = 9, 6000
    history = np.sort(rng.permutation(n)[:4] + 1)
    drawn, again = (_drawn(answer, history, n, count, rng) for _ in range(2))
    times = np.bincount(drawn, minlength=n + 1)[1:]
    rest = np.setdiff1d(np.arange(1, n + 1), history)
    near(times[rest - 1] / count, 1 / len(rest), f"{count} draws from 5 items: shares",
         "a collision must not be moved to a neighbour: every item left is equally likely",
         atol=0.03)  # fmt: skip
    if np.array_equal(drawn, again):
        raise Wrong(f"two calls made the same {count} draws",
                    "draw with the rng that you are given: it goes on where the last call ended",
                    )  # fmt: skip


# 6.6 pack(lengths, width) -------------------------------------------------------------------------


def _rows(answer: Answer, lengths: np.ndarray, width: int) -> np.ndarray:
    given = f"{len(lengths)} histories in rows of {width}"
    row = array(answer(lengths.copy(), width), lengths.shape, given)
    if np.any(row != np.rint(row)) or row.min() < 0:
        raise Wrong(f"{given}: expected row numbers from 0; received {row.min():g} and others")
    return row.astype(int)


def _first_fit_rows(lengths: np.ndarray, width: int) -> int:
    room: list[int] = []
    for length in sorted(lengths.tolist(), reverse=True):
        place = next((r for r, left in enumerate(room) if left >= length), len(room))
        room += [width] if place == len(room) else []
        room[place] -= length
    return len(room)


def _pack_fits(answer: Answer, rng: Generator) -> None:
    width = int(rng.integers(10, 20))
    lengths = rng.integers(1, width + 1, 40)
    row = _rows(answer, lengths, width)
    used = np.bincount(row, lengths)
    if used.max() > width:
        advice = "keep the room that is left in each row, and open a new row where none has enough"
        if np.bincount(row, -np.sort(-lengths)).max() <= width:
            advice = "row[i] belongs to lengths[i]: undo the sort when you write the answer"
        raise Wrong(
            f"row {int(used.argmax())} of {width} slots holds {int(used.max())} items", advice
        )


def _pack_numbers(answer: Answer, rng: Generator) -> None:
    row = _rows(answer, rng.integers(1, 9, 30), 12)
    near(np.unique(row), np.arange(len(np.unique(row))), "numbers of the rows in use",
         "number the rows 0, 1, 2, ... without a gap")  # fmt: skip


def _pack_few(answer: Answer, rng: Generator) -> None:
    width = 20
    lengths = rng.permutation(np.concatenate([rng.integers(11, 15, 30), rng.integers(4, 7, 30)]))
    used, best = int(_rows(answer, lengths, width).max()) + 1, _first_fit_rows(lengths, width)
    if used > best:
        raise Wrong(f"60 histories in {used} rows; {best} are enough",
                    "place the longest first, each in the first row that has room, however old the "
                    "row")  # fmt: skip


EXERCISES = (
    Exercise(
        "6.1",
        "The density of a log",
        1,
        {
            "it is the share of cells that are filled": _density_counts,
            "a pair that repeats counts once": _density_repeats,
            "users and items without a row count too": _density_absent,
        },
        (
            "How many cells has the table, and how many of them does the log touch?",
            "A pair is a cell: users * (n_items + 1) + items gives each its own number.",
            "len(np.unique(cells)) / (n_users * n_items)",
        ),
    ),
    Exercise(
        "6.2",
        "Rows whose order nobody knows",
        1,
        {
            "each row of a tie is marked, and no other": _tied_rows,
            "two users may share a second": _tied_users,
            "the order of the rows does not matter": _tied_order,
        },
        (
            "When do two rows have no order? Which two columns have to agree?",
            "np.unique(..., axis=0) has return_inverse and return_counts.",
            "Stack users and times as two columns, count each pair, and ask for counts above 1 at "
            "the place of each row.",
        ),
    ),
    Exercise(
        "6.3",
        "A cut that leaks nothing",
        2,
        {
            "no training row is newer than a test row": _cut_past,
            "rows of one second are on one side": _cut_ties,
            "about the wanted share is test": _cut_share,
        },
        (
            "One moment decides for all rows. Which?",
            "Sort a copy of the times: the moment stands at place n (1 - share).",
            "train = times < moment, so that rows of that very second are test.",
        ),
    ),
    Exercise(
        "6.4",
        "TF-IDF that has not seen the test",
        2,
        {
            "a word that training has never seen weighs nothing": _tf_idf_unknown,
            "one test text does not change another": _tf_idf_train_only,
            "the values are those of the equation": _tf_idf_values,
        },
        (
            "Which of the two tables may say how rare a word is?",
            "Rarity from train; set the test counts of unknown words to 0; multiply; divide each "
            "row by its length.",
            "A test text without a known word has length 0: divide only where it is above 0.",
        ),
    ),
    Exercise(
        "6.5",
        "Negatives for the one who has everything",
        2,
        {
            "no draw is in the history": _negatives_new,
            "it ends for a user who lacks one item": _negatives_one_left,
            "all other items are equally likely": _negatives_even,
        },
        (
            "Instead of drawing until it is new: what is left to draw from?",
            "np.setdiff1d(np.arange(1, n_items + 1), history)",
            "rng.choice(left, count), with replacement.",
        ),
    ),
    Exercise(
        "6.6",
        "Pack a batch",
        3,
        {
            "no row holds more than it has slots": _pack_fits,
            "rows are numbered without a gap": _pack_numbers,
            "it needs no more rows than first fit, longest first": _pack_few,
        },
        (
            "Packing suitcases: what do you put in first?",
            "Go through the histories from the longest to the shortest, and remember the room "
            "left in each row.",
            "Each goes into the first row with room enough; if there is none, a new row begins. "
            "Write the row at the place of the history: row[i] for i in np.argsort(-lengths).",
        ),
    ),
)
