"""Reading a plain file, planning, the three rankings, and the command as a process."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.__main__ import main
from attnrec_lite.command import Plan, make_plan, read_events, three_rankings
from attnrec_lite.command.plan import MOST, seconds_per_epoch
from attnrec_lite.command.protocol import _negatives
from attnrec_lite.command.train import _peak, _some
from attnrec_lite.command.watch import (
    Course,
    FallingRate,
    ValidationFromTheEnd,
    Watch,
    share_of_rate,
)
from attnrec_lite.data import Interactions, leave_one_out
from attnrec_lite.evaluation import evaluate
from attnrec_lite.models import EASE, SASRec
from attnrec_lite.models.base import Recommender


@pytest.fixture
def write(tmp_path):
    def to_file(text):
        path = tmp_path / "log.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


def random_log(users=60, items=40, seed=0):
    rng = np.random.default_rng(seed)
    rows = [(u, i) for u in range(users) for i in rng.permutation(items)[: rng.integers(1, 12)]]
    user, item = np.array(rows).T
    return Interactions.from_columns(user + 1, item + 1, np.arange(len(user)))


def lines(log):
    pairs = zip(log.user_ids[log.user], log.items.raw[log.item - 1], strict=True)
    return "".join(f"{user} {item}\n" for user, item in pairs)


# --- reading


def test_users_keep_their_order_and_may_be_mixed(write):
    log = read_events(write("9 5\n2 7\n9 3\n2 7\n9 5\n"))
    assert log.user_ids.tolist() == [2, 9]
    assert log.items.raw[log.item - 1].tolist() == [7, 7, 5, 3, 5]


@pytest.mark.parametrize("text", ["1 2\r\n1 3\r\n", "1\t2\n\n 1   3 \n\n", "1 2\n1 3"])
def test_white_space_is_white_space(write, text):
    assert read_events(write(text)).items.raw.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("text", "line", "shown"),
    [
        ("1 2\n\n3 x\n", 3, "3 x"),
        ("1 2\n1 -2\n", 2, "1 -2"),
        ("0 2\n", 1, "0 2"),
        ("1 2\n1 0\n", 2, "1 0"),
        ("1 2 3\n4 5 6\n", 1, "1 2 3"),
        ("1 2\n3\n", 2, "3"),
        ("1 2.5\n", 1, "1 2.5"),
        ("# a header\n1 2\n", 1, "# a header"),
        ("user,item\n1,2\n", 1, "user,item"),
        ("1 99999999999999999999\n", 1, "1 99999999999999999999"),
        (b"1 2\n\x00\xff\n", 2, ""),
        ("1 nan\n", 1, "1 nan"),
    ],
)
def test_a_wrong_line_is_named(write, text, line, shown):
    with pytest.raises(ValueError, match=f"two positive integers.* in line {line} of") as caught:
        read_events(write(text))
    assert shown in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n\n", "  \n"])
def test_an_empty_file_is_refused(write, text):
    with pytest.raises(ValueError, match="expected lines of user item"):
        read_events(write(text))


def test_one_item_and_no_file_are_refused(write, tmp_path):
    with pytest.raises(ValueError, match="expected two items or more"):
        read_events(write("1 7\n2 7\n3 7\n"))
    for path in (tmp_path / "none.txt", tmp_path):
        with pytest.raises(FileNotFoundError, match="expected a text file"):
            read_events(path)


# --- the plan


def many(users, rows):
    """A log of as many users with as many rows each."""
    user = np.repeat(np.arange(users), rows)
    return Interactions.from_columns(user, np.arange(users * rows) % 997, np.arange(users * rows))


def test_short_histories_get_more_dropout_and_smaller_windows():
    short, long = make_plan(many(500, 6)), make_plan(many(100, 90))
    assert short.dropout > long.dropout
    assert (short.window, long.window) == (10, 50)


def test_epochs_fit_the_budget_and_have_an_end():
    log = many(400, 90)
    few, more = make_plan(log, budget=4), make_plan(log, budget=8)
    assert 1 <= few.epochs < more.epochs < MOST
    assert make_plan(log, budget=1e6).epochs == MOST
    assert make_plan(log, budget=1e-6).epochs == 1
    assert make_plan(log, epochs=7).epochs == 7


def test_the_plan_knows_training_rows_only():
    log = random_log()
    split = leave_one_out(log)
    changed = log.item.copy()
    changed[split.test.row] = 1
    other = leave_one_out(Interactions(log.user, changed, log.time, log.user_ids, log.items))
    assert make_plan(split.train) == make_plan(other.train)


def test_an_epoch_costs_more_with_everything_that_makes_it_larger():
    base = {"tokens": 10_000, "n_items": 2_000, "width": 64, "inner": 64, "window": 50,
            "competitors": 256, "batch": 32}  # fmt: skip
    cost = seconds_per_epoch(**base)
    for name in ("tokens", "n_items", "width", "inner", "window", "competitors"):
        larger = {"batch": 32, **base, name: 4 * base[name]}
        if name == "window":
            larger["batch"] = 8  # as many slots in a step
        assert seconds_per_epoch(**larger) > cost, name
    assert seconds_per_epoch(**{**base, "batch": 64}) < cost


@pytest.mark.parametrize(("name", "value"), [("budget", 0), ("budget", np.nan), ("epochs", 0)])
def test_numbers_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"{name}: expected"):
        make_plan(many(10, 5), **{name: value})


def test_the_rate_rises_falls_and_ends_near_nothing():
    rate = np.array([share_of_rate(step, 2_000) for step in range(2_000)])
    assert np.all(np.diff(rate[:100]) > 0)
    assert np.all(np.diff(rate[100:]) < 0)
    assert rate.max() == 1
    assert 0 <= rate[-1] < 1e-5
    assert share_of_rate(0, 1) == 1


# --- the course of a run


class Machine:
    """Drives the callbacks as a run of Keras would, on a clock of its own."""

    def __init__(self, planned, budget, every=2, steps=30, check=3.0):
        self.now, self.rates, self.judged, self.steps, self.check = 0.0, [], [], steps, check
        split = leave_one_out(random_log())
        model = EASE(split.train.items)
        self.course = Course(planned)
        validation = ValidationFromTheEnd(self.course, model, split.validation, "hr@3", every)
        self.watch = Watch(validation, budget, clock=lambda: self.now)
        self.rate = FallingRate(0.5, self.course)
        self.validation = validation
        self.model = SimpleNamespace(stop_training=False, optimizer=SimpleNamespace())
        model.fit(split.train)
        for callback in (self.validation, self.rate, self.watch):
            callback.set_params({"steps": steps, "epochs": planned})
            callback._model = self.model

    def run(self, cost, first=0):
        """Run with ``cost(step)`` seconds a step; gives the number of epochs that were seen."""
        self.rate.on_train_begin()
        self.watch.on_train_begin()
        for epoch in range(first, self.course.planned):
            self.rate.on_epoch_begin(epoch)
            self.watch.on_epoch_begin(epoch)
            for step in range(self.steps):
                self.rate.on_train_batch_begin(step)
                self.rates.append(self.model.optimizer.learning_rate)
                self.now += cost(epoch * self.steps + step)
                self.watch.on_train_batch_end(step)
            logs = {"loss": 1.0}
            self.validation.on_epoch_end(epoch, logs)
            if "val_hr@3" in logs:
                self.judged.append(epoch + 1)
                self.now += self.check
            self.watch.on_epoch_end(epoch, logs)
            if self.model.stop_training:
                return epoch + 1
        return self.course.planned


def planned_rates(epochs, steps=30):
    return [0.5 * share_of_rate(step, epochs * steps) for step in range(epochs * steps)]


def test_a_run_in_time_goes_as_planned_and_so_does_its_second_half():
    whole_run = Machine(10, budget=400)
    assert whole_run.run(lambda _: 1.0) == 10
    assert whole_run.rates == planned_rates(10)
    assert whole_run.judged == [2, 4, 6, 8, 10]
    resumed = Machine(10, budget=400)
    assert resumed.run(lambda _: 1.0, first=6) == 10
    assert resumed.rates == whole_run.rates[180:]


@pytest.mark.parametrize("cost", [1.7, 2.0, 3.1, 5.0])
def test_a_slower_machine_gets_fewer_epochs_that_end_as_the_plan_does(cost):
    slow = Machine(10, budget=400)
    epochs = slow.run(lambda _: cost)
    assert 1 < epochs < 10
    assert slow.now <= 400 + slow.check
    assert slow.now > 400 - 2 * 30 * cost  # there was no room for two more
    assert slow.judged[-1] == epochs
    assert slow.rates[-1] < 0.01 * 0.5
    top = int(np.argmax(slow.rates))
    assert slow.rates[top] > 0.49
    assert np.all(np.diff(slow.rates[top:]) < 0)
    assert slow.rates[:20] == planned_rates(10)[:20]  # before it was noticed


def test_a_slow_start_is_made_up_for():
    late = Machine(10, budget=450)
    assert late.run(lambda step: 3.0 if step < 40 else 1.0) == 10
    assert late.rates[-1] < 0.01 * 0.5


def test_a_machine_that_slows_down_is_noticed():
    late = Machine(10, budget=400)
    epochs = late.run(lambda step: 1.0 if step < 150 else 3.0)
    assert 5 < epochs < 10
    assert late.now <= 400 + 60
    assert late.judged[-1] == epochs


def test_an_epoch_longer_than_the_budget_is_the_only_one_and_is_judged():
    slow = Machine(10, budget=20)
    assert slow.run(lambda _: 1.0) == 1
    assert slow.judged == [1]
    assert slow.watch.best_epoch == 1


def test_epochs_that_were_asked_for_are_run():
    asked = Machine(10, budget=None)
    assert asked.run(lambda _: 1e6) == 10
    assert asked.rates == planned_rates(10)


# --- the three rankings


class Fixed(Recommender):
    """Scores that do not depend on the history."""

    name = "fixed"

    def __init__(self, items, scores):
        super().__init__(items)
        self.scores = np.asarray(scores, np.float32)

    def fit(self, log):
        return self

    def _scores(self, history):
        return np.tile(self.scores, (len(history), 1))

    def attention(self, history, candidates):
        raise NotImplementedError

    config = _arrays = _set_arrays = attention


def test_full_rankings_are_those_of_evaluate():
    log = random_log()
    split = leave_one_out(log)
    model = EASE(log.items).fit(split.train)
    found = three_rankings(model, split)
    for name, exclude in (("full", False), ("full_unseen", True)):
        expected = evaluate(model, split.test, exclude_seen=exclude)
        assert_allclose(found[name]["hr10"], expected.mean("hr@10"), atol=1e-6)
        assert_allclose(found[name]["ndcg10"], expected.mean("ndcg@10"), atol=1e-6)


def test_sampled_negatives_are_never_the_training_items_nor_the_target():
    log = random_log()
    split = leave_one_out(log)
    negatives, has_any = _negatives(split, 500, 0)
    assert has_any.all()
    drawn = set()
    for row, user in enumerate(split.test.user):
        train = set(split.train.item[split.train.user == user].tolist())
        free = set(range(1, log.n_items + 1)) - train - {int(split.test.item[row])}
        assert set(negatives[row].tolist()) == free  # 500 draws of at most 40 items find them all
        drawn |= {(int(user), n) for n in negatives[row].tolist()}
    validation = zip(split.validation.user.tolist(), split.validation.item.tolist(), strict=True)
    assert set(validation) & drawn  # as in the authors' program


def test_one_draw_is_one_competitor():
    """With scores by id and the target best, the sampled ranking is perfect; worst, it is empty."""
    log = random_log(items=200)
    split = leave_one_out(log)
    best = Fixed(log.items, [0] * (log.n_items + 1))
    for sign, expected in ((1.0, 1.0), (-1.0, 0.0)):
        hits = []
        for user, item in zip(split.test.user, split.test.item, strict=True):
            best.scores[:] = 0
            best.scores[item] = sign
            one = leave_one_out(log.select(log.user == user))
            hits.append(three_rankings(best, one)["sampled"]["hr10"])
        assert set(hits) == {expected}


def test_a_tie_counts_as_chance_would_have_it():
    log = random_log(items=400)
    split = leave_one_out(log)
    found = three_rankings(Fixed(log.items, np.zeros(log.n_items + 1)), split)
    assert_allclose(found["sampled"]["hr10"], 10 / 101, atol=1e-5)
    assert_allclose(found["full"]["hr10"], 10 / log.n_items, atol=1e-5)


def test_who_met_everything_has_no_negatives():
    log = Interactions.from_columns([0] * 4 + [1] * 3, [1, 2, 1, 3, 1, 1, 1], range(7))
    both = leave_one_out(log)  # user 0 trains on 1 and 2, the target is 3; user 1 has 2 and 3 left
    found = three_rankings(Fixed(log.items, [0, 3, 2, 1]), both)
    assert found["sampled"] == {"hr10": 1.0, "ndcg10": 1.0}  # user 1 alone, whose item 1 is best
    found = three_rankings(Fixed(log.items, [0, 3, 2, 1]), leave_one_out(log.select(log.user == 0)))
    assert found["sampled"] == {"hr10": None, "ndcg10": None}
    assert found["full"]["hr10"] == 1.0


def test_the_validation_takes_some_users_of_a_large_catalogue():
    split = leave_one_out(random_log(users=400))
    some = _some(split.validation, 150, seed=0)
    assert len(some) == 150
    assert set(some.row) < set(split.validation.row)
    assert _some(split.validation, 10**9, seed=0) is split.validation
    assert np.array_equal(some.row, _some(split.validation, 150, seed=0).row)


# --- the command


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="no high-water mark here")
def test_the_peak_of_memory_is_not_that_of_the_starting_process(root):
    """``ru_maxrss`` would be: a child counts from what its parent held."""
    held = np.ones(1 << 27)  # a gigabyte
    assert _peak() > held.nbytes
    child = "from attnrec_lite.command.train import _peak; held = bytearray({}); print(_peak())"
    peaks = []
    for size in (0, 300 << 20):
        command = [sys.executable, "-c", child.format(size)]
        env = {**os.environ, "PYTHONPATH": str(root)}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
        peaks.append(int(done.stdout))
    assert peaks[0] < held.nbytes
    assert 290 << 20 < peaks[1] - peaks[0] < 310 << 20


def test_errors_are_one_line(write, capsys):
    assert main(["train", str(write("1 x\n"))]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("attnrec_lite: file: expected two positive integers")
    assert main(["train", str(write("1 2\n1 3\n2 3\n"))]) == 1
    assert "at least 3 rows" in capsys.readouterr().err
    assert main(["train", str(write("1 2\n" * 3 + "1 3\n")), "--save", "/none/m"]) == 1
    assert "save: expected an existing folder" in capsys.readouterr().err


def test_without_a_command_the_usage_is_shown(capsys):
    with pytest.raises(SystemExit):
        main([])
    assert "train" in capsys.readouterr().err


def run(root, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "attnrec_lite", "train", *map(str, arguments)],
        capture_output=True, text=True, check=False, cwd="/",
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def chain(users=120):
    """Item n is always followed by item n + 1."""
    rng = np.random.default_rng(0)
    start = rng.integers(0, 20, users)
    return "".join(f"{u + 1} {(s + t) % 20 + 1}\n" for u, s in enumerate(start) for t in range(8))


@pytest.mark.slow
def test_a_killed_command_goes_on_from_its_checkpoint(root, write, tmp_path):
    path = write(chain())
    asked = [path, "--seed", 1, "--epochs", 6]
    whole_run, _ = run(root, *asked)
    asked += ["--checkpoint", tmp_path / "run"]
    killed = subprocess.Popen(
        [sys.executable, "-m", "attnrec_lite", "train", *map(str, asked)],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    with killed:
        for line in killed.stderr:
            if line.startswith("epoch 3/6"):
                killed.kill()
    assert killed.returncode == -signal.SIGKILL
    resumed, told = run(root, *asked)
    assert "epoch 1/6" not in told
    assert "epoch 6/6" in told
    for name in ("sampled", "full", "full_unseen"):
        assert resumed[name] == whole_run[name]
    assert resumed["epochs"] == 6


@pytest.mark.slow
def test_the_command_learns_a_chain_saves_and_repeats_itself(root, write, tmp_path):
    """After a few passes the next one is known."""
    path, model = write(chain()), tmp_path / "model.npz"
    found, told = run(root, path, "--seed", 3, "--epochs", 30, "--save", model)
    assert found["sampled"]["hr10"] > 0.9
    assert found["full_unseen"]["ndcg10"] > 0.8
    assert found["epochs"] == 30
    assert 0 < found["train_cpu_seconds"] < 120
    assert 100 < found["peak_rss_mb"] < 2_000
    assert found["data"] == {"events": 960, "users": 120, "items": 20, "tested": 120}
    assert "epoch 30/30" in told
    again, _ = run(root, path, "--seed", 3, "--epochs", 30)
    for name in ("sampled", "full", "full_unseen", "validation", "best_epoch"):
        assert found[name] == again[name], name
    assert Plan(**found["plan"]) == make_plan(leave_one_out(read_events(path)).train, epochs=30)
    from attnrec_lite.models import load

    loaded = load(model)
    assert isinstance(loaded, SASRec)
    best = loaded.recommend([[5, 6, 7]], k=1)[0]
    assert loaded.items.raw[best[0, 0] - 1] == 8
