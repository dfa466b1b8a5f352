"""The equations of the book as NumPy functions; each names the numbers of its own.

These functions are the oracle: float64, one query at a time, written as the equation is written.
``attention`` holds the same formulas as Keras layers, for batches; the tests hold them equal.
A *score* says more or less and may have any sign; a *weight* is a share: not negative, and the
weights of one query add up to one.
"""

from attnrec_lite.formulas.agreement import (
    matched_share,
)
from attnrec_lite.formulas.attention import (
    attend,
    multi_head,
    project,
    visible,
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
from attnrec_lite.formulas.fusion import (
    attended,
    concatenated,
    drop_modalities,
    gated,
    late_fusion,
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
from attnrec_lite.formulas.metrics import (
    average_precision,
    dcg,
    hit_rate,
    ndcg,
    precision_at,
    recall_at,
    reciprocal_rank,
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
from attnrec_lite.formulas.positions import (
    add_positions,
    sinusoids,
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
from attnrec_lite.formulas.scores import (
    additive_scores,
    bilinear_scores,
    cosine_scores,
    dot_scores,
    dot_variance,
    preference_scores,
    scaled_dot_scores,
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
    "add_positions",
    "additive_scores",
    "afm_score",
    "always_valid_p",
    "attend",
    "attended",
    "auc",
    "average_precision",
    "best_constant",
    "best_interest_scores",
    "bilinear_scores",
    "binary_loss",
    "binary_slope",
    "blend_scores",
    "bootstrap_interval",
    "broken_ties",
    "calibration_error",
    "candidate_asks",
    "capped",
    "choice_probabilities",
    "chosen_interest",
    "click_cost",
    "click_probability",
    "cloze",
    "collision_chance",
    "concatenated",
    "confusion",
    "content_scores",
    "controlled_list",
    "cosine_ceiling",
    "cosine_scores",
    "coverage",
    "crossing_length",
    "cuped",
    "dcg",
    "decimals_for_order",
    "density",
    "difference_of_means",
    "distance_scores",
    "diversity",
    "dot_scores",
    "dot_variance",
    "doubly_robust",
    "drop_modalities",
    "dynamic_routing",
    "effective_size",
    "elementwise_scores",
    "entropy",
    "expected_place",
    "f1_score",
    "feed_forward",
    "fill_share",
    "filled_variance",
    "fm_score",
    "full_softmax_loss",
    "gated",
    "gbce_loss",
    "gbce_power",
    "gini",
    "gumbel_choice",
    "head_scores",
    "hit_rate",
    "holm",
    "implied_share",
    "importance_weights",
    "input_tokens",
    "interest_count",
    "interest_scores",
    "interest_vectors",
    "interval_attend",
    "interval_matrix",
    "inverse_mean",
    "inverse_propensity",
    "item_neighbour_scores",
    "item_similarity",
    "label_aware_pow_weights",
    "label_aware_weights",
    "late_fusion",
    "layer_norm",
    "learned_chance",
    "linear_attention",
    "listwise",
    "log_loss",
    "log_odds",
    "logistic_loss",
    "lookup",
    "low_rank_attention",
    "low_rank_scores",
    "mae",
    "masked_softmax",
    "mass_on_truth",
    "matched_share",
    "mean_attention",
    "mixture_ratio",
    "modality_shares",
    "moved_share",
    "mse",
    "multi_head",
    "multiply_adds",
    "nais_score",
    "ndcg",
    "newest_asks",
    "next_counts",
    "novelty",
    "observed_mean",
    "older_share",
    "pair_sum",
    "pair_weights",
    "pairwise_context",
    "pairwise_scores",
    "part_of_codes",
    "part_of_numbers",
    "policy_value",
    "popularity_scores",
    "positive_pmi",
    "post_stratified",
    "power_of_test",
    "precision",
    "precision_at",
    "preference_scores",
    "product_scores",
    "project",
    "rates",
    "ratio_mismatch",
    "ratio_of_totals",
    "recall",
    "recall_at",
    "recency_weights",
    "reciprocal_rank",
    "redundancy",
    "rmse",
    "rounding_slack",
    "sampled_hit_rate",
    "sampled_softmax_loss",
    "scaled_dot_scores",
    "score_times_attention",
    "scores_behind",
    "self_attentive_interests",
    "self_normalised",
    "self_product",
    "sharpness",
    "shelf_value",
    "sigmoid",
    "sign_flip_p",
    "silent_bounds",
    "sinusoids",
    "smoothed_softmax",
    "softmax",
    "softmax_jacobian",
    "squash",
    "standardise",
    "table_parameters",
    "tf_idf",
    "tied_gain",
    "tied_share",
    "top_k",
    "total_weight",
    "transformer_block",
    "truncated_svd",
    "two_proportion_z",
    "two_tastes",
    "union_of_searches",
    "unnormalised_sum",
    "user_neighbour_scores",
    "users_needed",
    "users_per_arm",
    "visible",
    "visible_in_piece",
    "weight_of_copies",
    "weighted_sum",
    "wilson_interval",
]
