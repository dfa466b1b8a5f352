"""Every numbered equation has its place, function, layer (or a reason) and tests; numbers agree."""

from __future__ import annotations

import importlib
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from equations import equations, page

from attnrec_lite import formulas
from attnrec_lite.data.shop import TOY_GOODS

ROOT = Path(__file__).parents[2]
EQUATIONS = equations()
PLACES = {  # function to the labels of its equations: a number alone would move unseen
    "shelf_value": ["eq-shelf-value"],
    "popularity_scores": ["eq-popular"],
    "content_scores": ["eq-content"],
    "item_similarity": ["eq-co-occurrence"],
    "item_neighbour_scores": ["eq-item-neighbours"],
    "user_neighbour_scores": ["eq-user-neighbours"],
    "low_rank_scores": ["eq-low-rank-model"],
    "blend_scores": ["eq-hybrid"],
    "moved_share": ["eq-moved-share"],
    "next_counts": ["eq-loop"],
    "gini": ["eq-gini"],
    "dot_scores": ["eq-dot"],
    "softmax": ["eq-softmax", "eq-shift", "eq-temperature", "eq-rows"],
    "weighted_sum": ["eq-weighted-sum"],
    "entropy": ["eq-entropy"],
    "masked_softmax": ["eq-masked"],
    "sigmoid": ["eq-sigmoid"],
    "cosine_scores": ["eq-cosine"],
    "cosine_ceiling": ["eq-ceiling"],
    "dot_variance": ["eq-variance"],
    "scaled_dot_scores": ["eq-scaled"],
    "softmax_jacobian": ["eq-jacobian"],
    "bilinear_scores": ["eq-bilinear"],
    "additive_scores": ["eq-additive"],
    "preference_scores": ["eq-preference"],
    "project": ["eq-projections"],
    "attend": ["eq-attend", "eq-permutation"],
    "visible": ["eq-visible"],
    "multi_head": ["eq-heads", "eq-multi-head"],
    "add_positions": ["eq-position"],
    "sinusoids": ["eq-sinusoids"],
    "multiply_adds": ["eq-cost"],
    "crossing_length": ["eq-crossing"],
    "low_rank_attention": ["eq-low-rank"],
    "linear_attention": ["eq-linear", "eq-recurrence"],
    "head_scores": ["eq-head"],
    "click_probability": ["eq-click"],
    "choice_probabilities": ["eq-choice"],
    "log_odds": ["eq-odds"],
    "gumbel_choice": ["eq-gumbel"],
    "product_scores": ["eq-product", "eq-product-order"],
    "self_product": ["eq-self-product"],
    "top_k": ["eq-top-k"],
    "expected_place": ["eq-place"],
    "rounding_slack": ["eq-rounding"],
    "broken_ties": ["eq-symmetry"],
    "scores_behind": ["eq-scores-behind"],
    "elementwise_scores": ["eq-elementwise"],
    "mean_attention": ["eq-mean-row"],
    "sharpness": ["eq-sharpness"],
    "interest_scores": ["eq-interest-scores"],
    "decimals_for_order": ["eq-decimals"],
    "two_proportion_z": ["eq-two-shares"],
    "difference_of_means": ["eq-difference"],
    "power_of_test": ["eq-power"],
    "users_per_arm": ["eq-users"],
    "ratio_mismatch": ["eq-mismatch"],
    "ratio_of_totals": ["eq-delta"],
    "cuped": ["eq-cuped", "eq-cuped-variance"],
    "mixture_ratio": ["eq-mixture"],
    "always_valid_p": ["eq-always-valid"],
    "wilson_interval": ["eq-wilson"],
    "silent_bounds": ["eq-silent"],
    "post_stratified": ["eq-strata"],
    "policy_value": ["eq-policy-value"],
    "importance_weights": ["eq-importance"],
    "inverse_propensity": ["eq-ips"],
    "self_normalised": ["eq-snips"],
    "doubly_robust": ["eq-doubly-robust"],
    "effective_size": ["eq-effective-size"],
    "density": ["eq-density"],
    "tied_share": ["eq-tied"],
    "older_share": ["eq-older"],
    "filled_variance": ["eq-filled"],
    "observed_mean": ["eq-observed"],
    "inverse_mean": ["eq-inverse"],
    "fill_share": ["eq-fill"],
    "collision_chance": ["eq-collision"],
    "standardise": ["eq-standard"],
    "tf_idf": ["eq-tf-idf"],
    "positive_pmi": ["eq-pmi"],
    "truncated_svd": ["eq-svd"],
    "confusion": ["eq-accuracy"],
    "accuracy": ["eq-accuracy"],
    "precision": ["eq-precision-recall"],
    "recall": ["eq-precision-recall"],
    "f1_score": ["eq-precision-recall"],
    "rates": ["eq-rates"],
    "mse": ["eq-errors"],
    "mae": ["eq-errors"],
    "rmse": ["eq-errors"],
    "log_loss": ["eq-log-loss"],
    "auc": ["eq-auc"],
    "calibration_error": ["eq-calibration"],
    "hit_rate": ["eq-hit-rate"],
    "precision_at": ["eq-hit-rate"],
    "recall_at": ["eq-hit-rate"],
    "dcg": ["eq-ndcg"],
    "ndcg": ["eq-ndcg"],
    "reciprocal_rank": ["eq-reciprocal-rank"],
    "average_precision": ["eq-average-precision"],
    "coverage": ["eq-beyond"],
    "novelty": ["eq-beyond"],
    "diversity": ["eq-beyond"],
    "sampled_hit_rate": ["eq-sampled"],
    "implied_share": ["eq-implied"],
    "bootstrap_interval": ["eq-bootstrap"],
    "sign_flip_p": ["eq-sign-flip"],
    "holm": ["eq-holm"],
    "users_needed": ["eq-users-needed"],
    "tied_gain": ["eq-tied-gain"],
    "lookup": ["eq-lookup"],
    "logistic_loss": ["eq-binary-loss"],
    "binary_slope": ["eq-binary-slope"],
    "best_constant": ["eq-best-constant"],
    "table_parameters": ["eq-table-parameters"],
    "recency_weights": ["eq-newest-asks"],
    "newest_asks": ["eq-newest-asks"],
    "score_times_attention": ["eq-score-times"],
    "pairwise_scores": ["eq-pairwise-score"],
    "pairwise_context": ["eq-pairwise-model"],
    "capped": ["eq-score-times", "eq-candidate-asks"],
    "candidate_asks": ["eq-candidate-asks"],
    "interest_vectors": ["eq-interest-vectors"],
    "best_interest_scores": ["eq-best-interest"],
    "activation_unit": ["eq-activation"],
    "unnormalised_sum": ["eq-unnormalised"],
    "weight_of_copies": ["eq-copies"],
    "smoothed_softmax": ["eq-smoothed", "eq-smoothed-stable"],
    "total_weight": ["eq-total-weight"],
    "nais_score": ["eq-nais"],
    "mass_on_truth": ["eq-mass"],
    "listwise": ["eq-item-side"],
    "fm_score": ["eq-fm"],
    "pair_sum": ["eq-fm-fast"],
    "pair_weights": ["eq-pair-weights"],
    "afm_score": ["eq-afm"],
    "input_tokens": ["eq-tokens"],
    "layer_norm": ["eq-layer-norm"],
    "feed_forward": ["eq-feed-forward"],
    "transformer_block": ["eq-block"],
    "full_softmax_loss": ["eq-full"],
    "sampled_softmax_loss": ["eq-sampled-softmax"],
    "binary_loss": ["eq-binary"],
    "gbce_loss": ["eq-gbce"],
    "gbce_power": ["eq-gbce-power"],
    "learned_chance": ["eq-learned-chance"],
    "cloze": ["eq-cloze"],
    "visible_in_piece": ["eq-pieces"],
    "distance_scores": ["eq-distance"],
    "click_cost": ["eq-click-cost"],
    "interval_matrix": ["eq-interval"],
    "interval_attend": ["eq-interval-attend"],
    "two_tastes": ["eq-two-tastes"],
    "self_attentive_interests": ["eq-self-attentive"],
    "squash": ["eq-squash"],
    "dynamic_routing": ["eq-routing"],
    "interest_count": ["eq-interest-count"],
    "label_aware_weights": ["eq-label-aware"],
    "label_aware_pow_weights": ["eq-label-aware-pow"],
    "chosen_interest": ["eq-chosen"],
    "union_of_searches": ["eq-union"],
    "controlled_list": ["eq-controlled"],
    "matched_share": ["eq-agreement"],
    "redundancy": ["eq-redundancy"],
    "part_of_numbers": ["eq-part"],
    "part_of_codes": ["eq-bag"],
    "concatenated": ["eq-concatenation"],
    "gated": ["eq-modality-gate"],
    "attended": ["eq-modality-attention"],
    "modality_shares": ["eq-modality-share"],
    "drop_modalities": ["eq-modality-dropout"],
    "late_fusion": ["eq-late-fusion"],
    "add_click": ["eq-add-click"],
    "online_step": ["eq-online-step"],
    "faded": ["eq-faded"],
    "replay_loss": ["eq-replay-loss"],
    "replay_count": ["eq-replay-count"],
    "stability_index": ["eq-stability-index"],
    "stability_limit": ["eq-stability-limit"],
    "largest_gap": ["eq-largest-gap"],
    "cusum": ["eq-cusum"],
    "run_length": ["eq-run-length"],
    "limit_for": ["eq-run-length"],
    "greedy_chances": ["eq-greedy-chances"],
    "upper_bounds": ["eq-upper-bounds"],
    "thompson_draw": ["eq-thompson-draw"],
    "thompson_chances": ["eq-thompson-chances"],
    "regret": ["eq-regret"],
    "jaccard": ["eq-jaccard"],
    "homogenisation": ["eq-homogenisation"],
    "cropped": ["eq-cropped"],
    "masked": ["eq-masked-history"],
    "reordered": ["eq-reordered"],
    "segment_shares": ["eq-segment"],
    "variance_reduction": ["eq-answer"],
    "ridge_map": ["eq-ridge"],
    "dropped_input": ["eq-input-dropout"],
    "propagate": ["eq-propagate"],
    "layer_mean": ["eq-layer-mean"],
    "bpr_loss": ["eq-bpr"],
    "folded_in": ["eq-fold-in"],
    "ridge_from": ["eq-transfer"],
    "two_task_loss": ["eq-two-tasks"],
    "attention_cost": ["eq-routes"],
    "cheaper_from": ["eq-cheaper"],
    "window_attention": ["eq-near"],
    "top_keys_attention": ["eq-best-keys"],
    "quantise": ["eq-quantise"],
    "dequantise": ["eq-quantise"],
    "score_noise": ["eq-score-noise"],
    "table_bytes": ["eq-bytes"],
    "sparse_bytes": ["eq-bytes"],
    "float_step": ["eq-float-step"],
    "factor_parameters": ["eq-factors"],
    "magnitude_mask": ["eq-magnitude"],
    "head_importance": ["eq-head-importance"],
    "distillation_loss": ["eq-distil"],
    "distillation_slope": ["eq-distil"],
    "rounded_score_bound": ["eq-rounded-bound"],
    "probing_cost": ["eq-probing"],
    "hash_recall": ["eq-hash"],
    "as_distance": ["eq-as-distance"],
    "energy_like_cost": ["eq-energy"],
    "growth_exponent": ["eq-growth"],
    "bytes_held": ["eq-held"],
    "machines_needed": ["eq-held"],
    "operations_needed": ["eq-work"],
    "left_out_effects": ["eq-left-out"],
    "pooled_effects": ["eq-left-out-pooled"],
    "same_output_weights": ["eq-same-output"],
    "total_variation": ["eq-total-variation"],
    "jensen_shannon": ["eq-jensen-shannon"],
    "gradient_times_input": ["eq-slope-times-input"],
    "integrated_gradients": ["eq-integrated"],
    "path_points": ["eq-path-sum"],
    "completeness_error": ["eq-complete"],
    "attention_rollout": ["eq-rollout"],
    "comprehensiveness": ["eq-comprehensive"],
    "sufficiency": ["eq-sufficient"],
    "deletion_curve": ["eq-deletion"],
    "deletion_area": ["eq-deletion-area"],
    "order_against_chance": ["eq-chance-order"],
    "rank_agreement": ["eq-rank-agreement"],
    "permutation_importance": ["eq-permuted"],
    "rule_fidelity": ["eq-rule-fidelity"],
    "anonymity": ["eq-anonymity"],
    "clue_scores": ["eq-clues"],
    "nearness": ["eq-clues"],
    "eccentricity": ["eq-eccentricity"],
    "attack_curve": ["eq-advantage"],
    "membership_advantage": ["eq-advantage"],
    "hits_at": ["eq-hits-at"],
    "likelihood_ratio": ["eq-likelihood-ratio"],
    "hits_allowed": ["eq-hits-allowed"],
    "randomised_response": ["eq-response"],
    "response_estimate": ["eq-response"],
    "sensitivity": ["eq-sensitivity"],
    "laplace_answer": ["eq-laplace"],
    "gaussian_delta": ["eq-gaussian-delta"],
    "gaussian_noise": ["eq-gaussian-delta"],
    "composed": ["eq-composed"],
    "clipped_rows": ["eq-clip"],
    "noisy_mean": ["eq-noisy-mean"],
    "renyi_divergence": ["eq-renyi"],
    "epsilon_of": ["eq-epsilon"],
    "federated_mean": ["eq-federated"],
    "touched_rows": ["eq-touched"],
    "rank_one_parts": ["eq-touched"],
    "pairwise_masks": ["eq-masks"],
    "without_row": ["eq-without-row"],
    "injected_weight": ["eq-injected"],
    "context_shift": ["eq-context-shift"],
    "injected_weight_bound": ["eq-injected-bound"],
    "capped_weights": ["eq-cut-weights"],
    "trimmed_context": ["eq-trimmed"],
    "score_shift_bound": ["eq-score-shift"],
    "worst_step": ["eq-worst-step"],
    "adversarial_bpr": ["eq-adversarial-loss"],
    "attack_profile": ["eq-profile"],
    "prediction_shift": ["eq-pushed"],
    "target_hits": ["eq-pushed"],
    "robust_z": ["eq-robust-z"],
    "rating_deviation": ["eq-rdma"],
    "shared_variation": ["eq-shared-variation"],
    "detection_rate": ["eq-caught"],
    "place_exposure": ["eq-group-exposure"],
    "group_exposure": ["eq-group-exposure"],
    "exposure_ratio": ["eq-exposure-ratio"],
    "exposure_disparity": ["eq-exposure-ratio"],
    "popularity_lift": ["eq-popularity-lift"],
    "quality_gap": ["eq-quality-gap"],
    "miscalibration": ["eq-miscalibration"],
    "marginal_relevance": ["eq-reranked"],
    "calibrated_list": ["eq-reranked"],
    "shared_list": ["eq-reranked"],
    "second_price": ["eq-second-price"],
    "undo_sampling": ["eq-undo-sampling"],
    "scaled_chance": ["eq-scaled-chance"],
    "paced": ["eq-paced"],
    "fresh": ["eq-fresh"],
    "repeat_chances": ["eq-repeat"],
    "repeats_and_new": ["eq-repeat-or-new"],
    "match_chance": ["eq-match"],
    "reciprocal": ["eq-reciprocal"],
    "allowed_list": ["eq-allowed"],
    "mastery_after": ["eq-mastery"],
    "ready": ["eq-ready"],
    "suitable": ["eq-suitable"],
    "certainty_equivalent": ["eq-certain"],
    "raw_effect": ["eq-raw-effect"],
    "adjusted_effect": ["eq-adjusted-effect"],
    "coverage_risk": ["eq-coverage-risk"],
    "gated_weights": ["eq-gated"],
    "shrunk": ["eq-shrunk"],
}
NUMBER = re.compile(r"\((\d+)\.(\d+)\)")

every_equation = pytest.mark.parametrize("equation", EQUATIONS, ids=lambda e: e.label)


def find(dotted: str) -> object:
    """A function or layer by its name in a docstring, such as ``attention.Score``."""
    package, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(f"attnrec_lite.{package}"), name)


def numbers(text: str) -> list[str]:
    return [found.group() for found in NUMBER.finditer(text)]


def test_labels_are_unique_over_the_book():
    assert [label for label, n in Counter(e.label for e in EQUATIONS).items() if n > 1] == []


@every_equation
def test_every_equation_has_a_section_a_function_and_a_test_of_it(equation):
    assert equation.section
    assert equation.functions, "no docstring of attnrec_lite.formulas names its number"
    for name in equation.functions:
        files = [file for file in equation.tests[name] if file.startswith("tests/formulas/")]
        assert files, f"no test in tests/formulas names {name}"


@every_equation
def test_every_equation_has_a_layer_that_names_it_or_says_why_not(equation):
    assert len(equation.layers) == len(equation.functions), "a docstring lacks its line Layer:"
    told = [number for name in equation.twins for number in numbers(find(name).__doc__)]
    assert equation.number in told or not equation.twins, "not in the docstring of its layer"
    for name in equation.twins:
        assert equation.tests[name], f"no test of a layer names {name}"
    for name, text in zip(equation.functions, equation.layers, strict=True):
        beside = any(file.startswith("tests/attention/") for file in equation.tests[name])
        assert beside or "``keras." not in text, f"no test holds {name} to the stock layer"
        assert re.match(r"``[\w.]+``|none", text), text
        assert not re.match(r"none\W*$", text), "none needs its reason"


def test_every_function_names_its_equations_and_no_other():
    labels = {equation.number: equation.label for equation in EQUATIONS}
    named = {
        name: [labels.get(n, n) for n in numbers(getattr(formulas, name).__doc__.split("\n\n")[0])]
        for name in formulas.__all__
    }
    assert named == PLACES


@pytest.mark.parametrize("name", formulas.__all__)
def test_every_formula_says_shapes_errors_layer_source_and_shows_an_example(name):
    docstring = getattr(formulas, name).__doc__
    parts = ("Args:", "Returns:", "Raises:", "Layer:", "Source:", ">>> ")
    assert [part for part in parts if part not in docstring] == []


def test_every_number_in_the_code_is_one_of_the_book():
    known = {equation.number for equation in EQUATIONS}
    chapters = {equation.number.partition(".")[0] for equation in EQUATIONS}
    for path in (ROOT / "attnrec_lite").rglob("*.py"):
        text = path.read_text(encoding="utf8")
        found = re.findall(r"equations?[^.\n]*?(?:\(\d+\.\d+\)[^.(\n]*)+", text)
        told = {n for passage in found for n in numbers(passage)}
        assert {n for n in told if n.partition(".")[0] in chapters} <= known, path


def test_the_page_shows_every_equation_whole():
    text = page(EQUATIONS)
    for equation in EQUATIONS:
        assert f"{{eq}}`{equation.label}`" in text
        assert f"$${equation.tex}$$" in text
    assert "- Layer: \n" not in text
    assert "- Function: \n" not in text


def test_the_weights_on_the_cover_are_computed_by_the_rule_that_it_shows():
    goods = list(TOY_GOODS)
    vectors = np.array([TOY_GOODS[name] for name in goods])
    weights = formulas.softmax(formulas.dot_scores(TOY_GOODS["teapot"], vectors))
    drawing = ET.parse(ROOT / "book" / "figures" / "cover.svg").getroot()
    texts = [(t.text or "").strip() for t in drawing.iter("{http://www.w3.org/2000/svg}text")]
    printed = [float(t) for t in texts if re.fullmatch(r"0\.\d+", t)]
    assert [t for t in texts if t in goods] == goods
    np.testing.assert_allclose(printed, weights, atol=0.005)
