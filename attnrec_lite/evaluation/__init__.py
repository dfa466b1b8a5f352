"""How good a recommender is, with the protocol that gives the figure its meaning.

Four things decide a ranking figure as much as the model does, so each is stated and printed with
it: which rows were held out, what a target competes with, what happens to items the user has
already met, and what a tie counts. No figure prints without them; figures that differ in one of
them refuse to be compared.
"""

from attnrec_lite.evaluation.agreement import Agreement, merge_alike, taste_agreement
from attnrec_lite.evaluation.beyond import ListEvaluation, evaluate_lists
from attnrec_lite.evaluation.candidates import Sampled
from attnrec_lite.evaluation.labels import Judgement, evaluate_clicks, evaluate_ratings
from attnrec_lite.evaluation.protocol import Estimate, Protocol, check_same_protocol
from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.evaluation.reports import Report, report
from attnrec_lite.evaluation.results import Evaluation, Table, compare_table
from attnrec_lite.evaluation.run import evaluate
from attnrec_lite.evaluation.significance import (
    Comparison,
    compare,
    holm,
    interval,
    paired_permutation,
    users_needed,
)
from attnrec_lite.evaluation.tastes import by_tastes, interest_redundancy, taste_coverage
from attnrec_lite.evaluation.ties import METRICS

__all__ = [
    "METRICS",
    "Agreement",
    "Comparison",
    "Estimate",
    "Evaluation",
    "Judgement",
    "ListEvaluation",
    "Protocol",
    "Report",
    "Sampled",
    "Table",
    "by_tastes",
    "check_same_protocol",
    "compare",
    "compare_table",
    "evaluate",
    "evaluate_clicks",
    "evaluate_lists",
    "evaluate_ratings",
    "holm",
    "interest_redundancy",
    "interval",
    "merge_alike",
    "paired_permutation",
    "places",
    "ranking_metrics",
    "report",
    "taste_agreement",
    "taste_coverage",
    "users_needed",
]
