"""Faults that were published in attention recommenders, each as the line that plants it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bug:
    """One fault and who should notice.

    Attributes:
        name: a few words, the title of its story.
        file: which file of the package gets the fault.
        right: a piece of that file, which stands there once.
        wrong: what stands there in its place.
        tests: the test that must go red, or the file that holds it.
    """

    name: str
    file: str
    right: str
    wrong: str
    tests: str

    def __str__(self) -> str:
        """Return the name, for the list of tests."""
        return self.name


BUGS = (
    Bug(
        "an exponential without its maximum",
        "formulas/weights.py",
        "e = np.exp(s - top)  # equation (2.4)",
        "e = np.exp(s)  # equation (2.4)",
        "tests/formulas/test_scores_and_weights.py::test_softmax_equals_a_loop_at_every_temperature",
    ),
    Bug(
        "a softmax over the batch",
        "attention/weights.py",
        "tf.nn.softmax(s, axis=axis)",
        "tf.nn.softmax(s, axis=0)",
        "tests/attention/test_layers.py::test_no_mask_means_that_all_is_real",
    ),
    Bug(
        "a large negative number for a mask",
        "attention/weights.py",
        "e = tf.where(mask, tf.exp(s - top), 0.0)",
        "e = tf.exp(s - top)",
        "tests/attention/test_layers.py::test_masked_softmax_equals_the_formula_on_ragged_rows",
    ),
    Bug(
        "padding that takes a share",
        "attention/attend.py",
        "return real[..., tf.newaxis, :] & allowed",
        "return tf.ones_like(real[..., tf.newaxis, :]) & allowed",
        "tests/attention/test_attend.py::test_visible_equals_the_formula",
    ),
    Bug(
        "a mask made of vectors",
        "models/_transformer.py",
        'real = (rows["ids"] > 0)[:, :, tf.newaxis]',
        'real = tf.abs(tf.reduce_sum(self.vectors(rows["ids"]), -1, keepdims=True)) > 0',
        "tests/models/test_sequences.py::test_contexts_at_padding_are_zero_and_its_vector_is_not_trained",
    ),
    Bug(
        "one step into the future",
        "models/_transformer.py",
        "near &= ago >= 0",
        "near &= ago >= -1",
        "tests/models/test_sequences.py::test_the_future_never_leaks",
    ),
    Bug(
        "pieces of a packed row that see each other",
        "models/_transformer.py",
        "tf.where(same & near, 0.0, HIDDEN)",
        "tf.where(near & tf.ones_like(same), 0.0, HIDDEN)",
        "tests/models/test_sequences.py::test_pieces_of_a_packed_row_do_not_see_each_other",
    ),
    Bug(
        "the oldest items kept, the newest cut",
        "data/sequences.py",
        "position = stop[piece, None] + columns",
        "position = np.minimum(stop, start + length)[piece, None] + columns",
        "tests/data/test_sequences.py::test_left_pad_keeps_the_newest_items_in_order_at_the_right",
    ),
    Bug(
        "negatives that are positives",
        "data/negatives.py",
        'if exclude == "history":',
        'if exclude == "never":',
        "tests/data/test_negatives.py",
    ),
    Bug(
        "the last weights in place of the best",
        "training/fitting.py",
        "restore_best_weights=True",
        "restore_best_weights=False",
        "tests/training/test_fitting.py::test_patience_stops_and_gives_the_best_weights_back",
    ),
    Bug(
        "ties broken in the model's favour",
        "evaluation/ties.py",
        "tied_with[order][begin] + 1",
        "relevant",
        "tests/evaluation/test_ties.py::test_a_tie_of_two_relevant_and_one_other_by_hand",
    ),
    Bug(
        "a normaliser that knows the hits",
        "evaluation/ties.py",
        "best = np.minimum(total, last).astype(np.int64)",
        "best = np.maximum(np.minimum(hits, last), 1).astype(np.int64)",
        "tests/evaluation/test_ties.py::test_two_relevant_items_by_hand",
    ),
    Bug(
        "an evaluation of the first users only",
        "evaluation/run.py",
        "cases = Cases(holdout)",
        "cases = Cases(Holdout(holdout.log, holdout.row[:4], known=holdout.known[:4]))",
        "tests/evaluation/test_run.py",
    ),
    Bug(
        "candidates of this model's own",
        "evaluation/candidates.py",
        "self.rng = np.random.default_rng(how.seed)",
        "self.rng = np.random.default_rng()",
        "tests/evaluation/test_run.py::test_the_same_seed_draws_the_same_for_every_model_and_batch",
    ),
    Bug(
        "a recommendation of what was just bought",
        "models/base.py",
        "            if exclude_seen:\n                np.put_along_axis",
        "            if not exclude_seen:\n                np.put_along_axis",
        "tests/models/test_base.py",
    ),
    Bug(
        "padding among the recommendations",
        "models/base.py",
        "scores[:, 0] = -np.inf\n        return scores",
        "return scores",
        "tests/models/test_base.py",
    ),
    Bug(
        "an exponential that comes first",
        "formulas/smoothed.py",
        "np.exp(kept - beta * log_sum_exp(kept))",
        "np.exp(kept) / np.exp(kept).sum() ** beta",
        "tests/formulas/test_smoothed.py::test_huge_scores_keep_their_value_where_the_naive_form_fails",
    ),
    Bug(
        "a squared error called absolute",
        "formulas/errors.py",
        "return float(np.mean(np.abs(y - guess)))",
        "return float(np.mean(np.square(y - guess)))",
        "tests/formulas/test_errors.py::test_the_errors_of_the_small_case",
    ),
    Bug(
        "a validation item in the training rows",
        "data/split.py",
        "keep[last] = keep[last - 1] = False",
        "keep[last] = False",
        "tests/data/test_split.py::test_leave_one_out_takes_the_last_two_rows_of_users_with_enough",
    ),
    Bug(
        "interests that start alike",
        "formulas/multi_interest.py",
        'b = finite("start", start, 2)',
        'b = np.zeros_like(finite("start", start, 2))',
        "tests/formulas/test_multi_interest.py::test_routing_is_what_the_papers_steps_give",
    ),
    Bug(
        "rivals that are drawn for their fame",
        "training/losses.py",
        "tf.gather(bias, negatives) - tf.gather(log_q, negatives)",
        "tf.gather(bias, negatives)",
        "tests/training/test_losses.py"
        "::test_the_correction_undoes_that_popular_items_are_drawn_more_often",
    ),
    Bug(
        "the mean is clipped, and nobody in it",
        "privacy/training.py",
        'scale = 1 / np.maximum(1, length / positive("limit", limit))',
        'scale = 1 / np.maximum(1, np.full(len(length), length.mean()) / positive("limit", limit))',
        "tests/privacy/test_training.py"
        "::test_the_sum_is_that_of_whole_gradients_each_clipped_alone",
    ),
    Bug(
        "an error that nobody hears",
        "training/checkpoint.py",
        "except OSError as error:\n            raise OSError(",
        "except OSError as error:\n            return\n            raise OSError(",
        "tests/training/test_checkpoint.py::test_a_full_disk_leaves_the_last_good_checkpoint",
    ),
    Bug(
        "no number is a perfect rank",
        "evaluation/ranking.py",
        "if not np.isfinite(s[:, 1:]).all():",
        "if False:",
        "tests/evaluation/test_ranking.py::test_places_and_metrics_refuse_by_name",
    ),
    Bug(
        "two protocols in one table",
        "evaluation/significance.py",
        "protocol = check_same_protocol([a, b])",
        "protocol = a.protocol",
        "tests/evaluation/test_significance.py"
        "::test_other_protocols_targets_and_metrics_are_refused",
    ),
    Bug(
        "arms that nobody drew",
        "experiments/design.py",
        "return self.p >= ALARM",
        "return True",
        "tests/experiments/test_ab.py::test_every_comparison_refuses_arms_that_were_not_drawn",
    ),
    Bug(
        "a policy that the log never saw",
        "experiments/off_policy.py",
        "if not missing.any():",
        "if missing.any():",
        "tests/experiments/test_off_policy.py::test_what_the_log_can_never_show_is_named",
    ),
)
