"""The equations of the book as NumPy functions; each names the numbers of its own.

These functions are the oracle: float64, one query at a time, written as the equation is written.
``attention`` holds the same formulas as Keras layers, for batches; the tests hold them equal.
A *score* says more or less and may have any sign; a *weight* is a share: not negative, and the
weights of one query add up to one.
"""

from attnrec_lite.formulas.accountant import (
    clipped_rows,
    composed,
    epsilon_of,
    noisy_mean,
    renyi_divergence,
)
from attnrec_lite.formulas.agreement import (
    matched_share,
)
from attnrec_lite.formulas.anonymity import (
    anonymity,
    clue_scores,
    eccentricity,
    nearness,
)
from attnrec_lite.formulas.attention import (
    attend,
    multi_head,
    project,
    visible,
)
from attnrec_lite.formulas.attribution import (
    attention_rollout,
    completeness_error,
    gradient_times_input,
    integrated_gradients,
    path_points,
    permutation_importance,
)
from attnrec_lite.formulas.auction import (
    paced,
    scaled_chance,
    second_price,
    undo_sampling,
)
from attnrec_lite.formulas.augment import (
    cropped,
    masked,
    reordered,
)
from attnrec_lite.formulas.bandits import (
    greedy_chances,
    regret,
    thompson_chances,
    thompson_draw,
    upper_bounds,
)
from attnrec_lite.formulas.beyond import (
    coverage,
    diversity,
    novelty,
)
from attnrec_lite.formulas.by_hand import (
    broken_ties,
    decimals_for_order,
    elementwise_scores,
    interest_scores,
    mean_attention,
    rounding_slack,
    scores_behind,
    sharpness,
)
from attnrec_lite.formulas.candidates import (
    candidate_asks,
    capped,
    score_times_attention,
)
from attnrec_lite.formulas.choice import (
    choice_probabilities,
    click_probability,
    gumbel_choice,
    head_scores,
    log_odds,
)
from attnrec_lite.formulas.cold_start import (
    dropped_input,
    ridge_from,
    ridge_map,
    segment_shares,
    two_task_loss,
    variance_reduction,
)
from attnrec_lite.formulas.constraints import (
    certainty_equivalent,
    coverage_risk,
    suitable,
)
from attnrec_lite.formulas.contexts import (
    gated_weights,
    shrunk,
)
from attnrec_lite.formulas.cost import (
    crossing_length,
    linear_attention,
    low_rank_attention,
    multiply_adds,
)
from attnrec_lite.formulas.data import (
    collision_chance,
    density,
    fill_share,
    filled_variance,
    inverse_mean,
    observed_mean,
    older_share,
    tied_share,
)
from attnrec_lite.formulas.distillation import (
    distillation_loss,
    distillation_slope,
)
from attnrec_lite.formulas.effects import (
    adjusted_effect,
    raw_effect,
)
from attnrec_lite.formulas.efficiency import (
    attention_cost,
    cheaper_from,
    energy_like_cost,
    factor_parameters,
)
from attnrec_lite.formulas.errors import (
    auc,
    calibration_error,
    log_loss,
    mae,
    mse,
    rmse,
)
from attnrec_lite.formulas.experiments import (
    cuped,
    difference_of_means,
    power_of_test,
    ratio_mismatch,
    ratio_of_totals,
    two_proportion_z,
    users_per_arm,
)
from attnrec_lite.formulas.explanation import (
    comprehensiveness,
    deletion_area,
    deletion_curve,
    left_out_effects,
    order_against_chance,
    sufficiency,
)
from attnrec_lite.formulas.fairness import (
    exposure_disparity,
    exposure_ratio,
    group_exposure,
    miscalibration,
    place_exposure,
    popularity_lift,
    quality_gap,
)
from attnrec_lite.formulas.faults import (
    best_constant,
    binary_slope,
    logistic_loss,
    lookup,
    table_parameters,
)
from attnrec_lite.formulas.feature_pairs import (
    afm_score,
    fm_score,
    pair_sum,
    pair_weights,
)
from attnrec_lite.formulas.features import (
    positive_pmi,
    standardise,
    tf_idf,
    truncated_svd,
)
from attnrec_lite.formulas.federated import (
    federated_mean,
    pairwise_masks,
    rank_one_parts,
    touched_rows,
    without_row,
)
from attnrec_lite.formulas.feedback import (
    homogenisation,
    jaccard,
)
from attnrec_lite.formulas.fidelity import (
    jensen_shannon,
    rank_agreement,
    rule_fidelity,
    total_variation,
)
from attnrec_lite.formulas.fusion import (
    attended,
    concatenated,
    drop_modalities,
    gated,
    late_fusion,
)
from attnrec_lite.formulas.graph import (
    bpr_loss,
    folded_in,
    layer_mean,
    propagate,
)
from attnrec_lite.formulas.growth import (
    bytes_held,
    growth_exponent,
    machines_needed,
    operations_needed,
)
from attnrec_lite.formulas.hard_mask import (
    allowed_list,
)
from attnrec_lite.formulas.injection import (
    capped_weights,
    context_shift,
    injected_weight,
    injected_weight_bound,
    trimmed_context,
)
from attnrec_lite.formulas.interest_choice import (
    chosen_interest,
    controlled_list,
    label_aware_pow_weights,
    label_aware_weights,
    union_of_searches,
)
from attnrec_lite.formulas.intervals import (
    interval_attend,
    interval_matrix,
)
from attnrec_lite.formulas.item_parts import (
    modality_shares,
    part_of_codes,
    part_of_numbers,
)
from attnrec_lite.formulas.labels import (
    accuracy,
    confusion,
    f1_score,
    precision,
    rates,
    recall,
)
from attnrec_lite.formulas.low_precision import (
    dequantise,
    float_step,
    quantise,
    score_noise,
    table_bytes,
)
from attnrec_lite.formulas.mastery import (
    mastery_after,
    ready,
)
from attnrec_lite.formulas.membership import (
    attack_curve,
    hits_allowed,
    hits_at,
    likelihood_ratio,
    membership_advantage,
)
from attnrec_lite.formulas.metrics import (
    average_precision,
    dcg,
    hit_rate,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
)
from attnrec_lite.formulas.monitors import (
    cusum,
    largest_gap,
    limit_for,
    run_length,
    stability_index,
    stability_limit,
)
from attnrec_lite.formulas.multi_interest import (
    dynamic_routing,
    interest_count,
    redundancy,
    self_attentive_interests,
    squash,
    two_tastes,
)
from attnrec_lite.formulas.next_item_losses import (
    binary_loss,
    full_softmax_loss,
    gbce_loss,
    gbce_power,
    learned_chance,
    sampled_softmax_loss,
)
from attnrec_lite.formulas.off_policy import (
    doubly_robust,
    effective_size,
    importance_weights,
    inverse_propensity,
    policy_value,
    self_normalised,
)
from attnrec_lite.formulas.online import (
    add_click,
    faded,
    online_step,
    replay_count,
    replay_loss,
)
from attnrec_lite.formulas.outliers import (
    detection_rate,
    rating_deviation,
    robust_z,
    shared_variation,
)
from attnrec_lite.formulas.positions import (
    add_positions,
    sinusoids,
)
from attnrec_lite.formulas.privacy import (
    gaussian_delta,
    gaussian_noise,
    laplace_answer,
    randomised_response,
    response_estimate,
    sensitivity,
)
from attnrec_lite.formulas.programs import (
    best_interest_scores,
    interest_vectors,
    newest_asks,
    pairwise_context,
    pairwise_scores,
    recency_weights,
)
from attnrec_lite.formulas.protocols import (
    sampled_hit_rate,
    tied_gain,
)
from attnrec_lite.formulas.pruning import (
    head_importance,
    magnitude_mask,
    sparse_bytes,
)
from attnrec_lite.formulas.published import (
    implied_share,
)
from attnrec_lite.formulas.ranking import (
    expected_place,
    product_scores,
    self_product,
    top_k,
)
from attnrec_lite.formulas.recommenders import (
    blend_scores,
    content_scores,
    item_neighbour_scores,
    item_similarity,
    low_rank_scores,
    popularity_scores,
    user_neighbour_scores,
)
from attnrec_lite.formulas.reranking import (
    calibrated_list,
    marginal_relevance,
    shared_list,
)
from attnrec_lite.formulas.returning import (
    fresh,
    repeat_chances,
    repeats_and_new,
)
from attnrec_lite.formulas.robustness import (
    adversarial_bpr,
    score_shift_bound,
    worst_step,
)
from attnrec_lite.formulas.scores import (
    additive_scores,
    bilinear_scores,
    cosine_scores,
    dot_scores,
    dot_variance,
    preference_scores,
    scaled_dot_scores,
)
from attnrec_lite.formulas.search import (
    as_distance,
    hash_recall,
    probing_cost,
    rounded_score_bound,
)
from attnrec_lite.formulas.sequences import (
    click_cost,
    cloze,
    distance_scores,
    visible_in_piece,
)
from attnrec_lite.formulas.sequential import (
    always_valid_p,
    mixture_ratio,
)
from attnrec_lite.formulas.shelves import (
    gini,
    moved_share,
    next_counts,
    shelf_value,
)
from attnrec_lite.formulas.shilling import (
    attack_profile,
    prediction_shift,
    target_hits,
)
from attnrec_lite.formulas.significance import (
    bootstrap_interval,
    holm,
    sign_flip_p,
    users_needed,
)
from attnrec_lite.formulas.smoothed import (
    nais_score,
    smoothed_softmax,
    total_weight,
)
from attnrec_lite.formulas.sparse_attention import (
    top_keys_attention,
    window_attention,
)
from attnrec_lite.formulas.surveys import (
    post_stratified,
    silent_bounds,
    wilson_interval,
)
from attnrec_lite.formulas.target_attention import (
    activation_unit,
    listwise,
    mass_on_truth,
    unnormalised_sum,
    weight_of_copies,
)
from attnrec_lite.formulas.transformer import (
    feed_forward,
    input_tokens,
    layer_norm,
    transformer_block,
)
from attnrec_lite.formulas.twin import (
    pooled_effects,
    same_output_weights,
)
from attnrec_lite.formulas.two_sides import (
    match_chance,
    reciprocal,
)
from attnrec_lite.formulas.weights import (
    cosine_ceiling,
    entropy,
    masked_softmax,
    sigmoid,
    softmax,
    softmax_jacobian,
    weighted_sum,
)

__all__ = [
    "accuracy",
    "activation_unit",
    "add_click",
    "add_positions",
    "additive_scores",
    "adjusted_effect",
    "adversarial_bpr",
    "afm_score",
    "allowed_list",
    "always_valid_p",
    "anonymity",
    "as_distance",
    "attack_curve",
    "attack_profile",
    "attend",
    "attended",
    "attention_cost",
    "attention_rollout",
    "auc",
    "average_precision",
    "best_constant",
    "best_interest_scores",
    "bilinear_scores",
    "binary_loss",
    "binary_slope",
    "blend_scores",
    "bootstrap_interval",
    "bpr_loss",
    "broken_ties",
    "bytes_held",
    "calibrated_list",
    "calibration_error",
    "candidate_asks",
    "capped",
    "capped_weights",
    "certainty_equivalent",
    "cheaper_from",
    "choice_probabilities",
    "chosen_interest",
    "click_cost",
    "click_probability",
    "clipped_rows",
    "cloze",
    "clue_scores",
    "collision_chance",
    "completeness_error",
    "composed",
    "comprehensiveness",
    "concatenated",
    "confusion",
    "content_scores",
    "context_shift",
    "controlled_list",
    "cosine_ceiling",
    "cosine_scores",
    "coverage",
    "coverage_risk",
    "cropped",
    "crossing_length",
    "cuped",
    "cusum",
    "dcg",
    "decimals_for_order",
    "deletion_area",
    "deletion_curve",
    "density",
    "dequantise",
    "detection_rate",
    "difference_of_means",
    "distance_scores",
    "distillation_loss",
    "distillation_slope",
    "diversity",
    "dot_scores",
    "dot_variance",
    "doubly_robust",
    "drop_modalities",
    "dropped_input",
    "dynamic_routing",
    "eccentricity",
    "effective_size",
    "elementwise_scores",
    "energy_like_cost",
    "entropy",
    "epsilon_of",
    "expected_place",
    "exposure_disparity",
    "exposure_ratio",
    "f1_score",
    "factor_parameters",
    "faded",
    "federated_mean",
    "feed_forward",
    "fill_share",
    "filled_variance",
    "float_step",
    "fm_score",
    "folded_in",
    "fresh",
    "full_softmax_loss",
    "gated",
    "gated_weights",
    "gaussian_delta",
    "gaussian_noise",
    "gbce_loss",
    "gbce_power",
    "gini",
    "gradient_times_input",
    "greedy_chances",
    "group_exposure",
    "growth_exponent",
    "gumbel_choice",
    "hash_recall",
    "head_importance",
    "head_scores",
    "hit_rate",
    "hits_allowed",
    "hits_at",
    "holm",
    "homogenisation",
    "implied_share",
    "importance_weights",
    "injected_weight",
    "injected_weight_bound",
    "input_tokens",
    "integrated_gradients",
    "interest_count",
    "interest_scores",
    "interest_vectors",
    "interval_attend",
    "interval_matrix",
    "inverse_mean",
    "inverse_propensity",
    "item_neighbour_scores",
    "item_similarity",
    "jaccard",
    "jensen_shannon",
    "label_aware_pow_weights",
    "label_aware_weights",
    "laplace_answer",
    "largest_gap",
    "late_fusion",
    "layer_mean",
    "layer_norm",
    "learned_chance",
    "left_out_effects",
    "likelihood_ratio",
    "limit_for",
    "linear_attention",
    "listwise",
    "log_loss",
    "log_odds",
    "logistic_loss",
    "lookup",
    "low_rank_attention",
    "low_rank_scores",
    "machines_needed",
    "mae",
    "magnitude_mask",
    "marginal_relevance",
    "masked",
    "masked_softmax",
    "mass_on_truth",
    "mastery_after",
    "match_chance",
    "matched_share",
    "mean_attention",
    "membership_advantage",
    "miscalibration",
    "mixture_ratio",
    "modality_shares",
    "moved_share",
    "mse",
    "multi_head",
    "multiply_adds",
    "nais_score",
    "ndcg",
    "nearness",
    "newest_asks",
    "next_counts",
    "noisy_mean",
    "novelty",
    "observed_mean",
    "older_share",
    "online_step",
    "operations_needed",
    "order_against_chance",
    "paced",
    "pair_sum",
    "pair_weights",
    "pairwise_context",
    "pairwise_masks",
    "pairwise_scores",
    "part_of_codes",
    "part_of_numbers",
    "path_points",
    "permutation_importance",
    "place_exposure",
    "policy_value",
    "pooled_effects",
    "popularity_lift",
    "popularity_scores",
    "positive_pmi",
    "post_stratified",
    "power_of_test",
    "precision",
    "precision_at",
    "prediction_shift",
    "preference_scores",
    "probing_cost",
    "product_scores",
    "project",
    "propagate",
    "quality_gap",
    "quantise",
    "randomised_response",
    "rank_agreement",
    "rank_one_parts",
    "rates",
    "rating_deviation",
    "ratio_mismatch",
    "ratio_of_totals",
    "raw_effect",
    "ready",
    "recall",
    "recall_at",
    "recency_weights",
    "reciprocal",
    "reciprocal_rank",
    "redundancy",
    "regret",
    "renyi_divergence",
    "reordered",
    "repeat_chances",
    "repeats_and_new",
    "replay_count",
    "replay_loss",
    "response_estimate",
    "ridge_from",
    "ridge_map",
    "rmse",
    "robust_z",
    "rounded_score_bound",
    "rounding_slack",
    "rule_fidelity",
    "run_length",
    "same_output_weights",
    "sampled_hit_rate",
    "sampled_softmax_loss",
    "scaled_chance",
    "scaled_dot_scores",
    "score_noise",
    "score_shift_bound",
    "score_times_attention",
    "scores_behind",
    "second_price",
    "segment_shares",
    "self_attentive_interests",
    "self_normalised",
    "self_product",
    "sensitivity",
    "shared_list",
    "shared_variation",
    "sharpness",
    "shelf_value",
    "shrunk",
    "sigmoid",
    "sign_flip_p",
    "silent_bounds",
    "sinusoids",
    "smoothed_softmax",
    "softmax",
    "softmax_jacobian",
    "sparse_bytes",
    "squash",
    "stability_index",
    "stability_limit",
    "standardise",
    "sufficiency",
    "suitable",
    "table_bytes",
    "table_parameters",
    "target_hits",
    "tf_idf",
    "thompson_chances",
    "thompson_draw",
    "tied_gain",
    "tied_share",
    "top_k",
    "top_keys_attention",
    "total_variation",
    "total_weight",
    "touched_rows",
    "transformer_block",
    "trimmed_context",
    "truncated_svd",
    "two_proportion_z",
    "two_task_loss",
    "two_tastes",
    "undo_sampling",
    "union_of_searches",
    "unnormalised_sum",
    "upper_bounds",
    "user_neighbour_scores",
    "users_needed",
    "users_per_arm",
    "variance_reduction",
    "visible",
    "visible_in_piece",
    "weight_of_copies",
    "weighted_sum",
    "wilson_interval",
    "window_attention",
    "without_row",
    "worst_step",
]
