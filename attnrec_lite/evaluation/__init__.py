"""How good a recommender is, with the protocol that gives the figure its meaning.

Three things decide a ranking figure as much as the model does, so each is stated and printed with
it: which row was held out, what happens to items the user has already met, and what a tie counts.
"""

from attnrec_lite.evaluation.ranking import places, ranking_metrics
from attnrec_lite.evaluation.run import METRICS, Evaluation, evaluate

__all__ = ["METRICS", "Evaluation", "evaluate", "places", "ranking_metrics"]
