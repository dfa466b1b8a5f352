"""Experiments: what people do, asked of people, with the design that gives the answer its meaning.

``ab`` compares two arms, ``design`` refuses arms that were not drawn as planned, ``plan`` says how
many users a question needs; ``sequential`` may be looked at every day; ``surveys`` counts the
silent; ``off_policy`` asks a log in place of the people; ``visits`` runs a test on the made-up
shop, where the true effect is known. ``bandits`` learn which of a few is best by trying;
``feedback`` lets a system eat its own output.
"""

from attnrec_lite.experiments.ab import Effect, compare_means, compare_ratios, compare_shares
from attnrec_lite.experiments.bandits import Play, play
from attnrec_lite.experiments.design import Design, RatioCheck, SampleRatioMismatch, check_ratio
from attnrec_lite.experiments.feedback import Loop, People, make_people, simulate_feedback
from attnrec_lite.experiments.off_policy import (
    Logs,
    OffPolicy,
    check_support,
    estimate_value,
    shift_errors,
    simulate_logs,
)
from attnrec_lite.experiments.plan import power, users_per_arm
from attnrec_lite.experiments.sequential import Looks, Monitoring, monitor, simulate_looks
from attnrec_lite.experiments.surveys import Survey, post_stratify, simulate_answers
from attnrec_lite.experiments.visits import Visits, shelf_chances, simulate_visits

__all__ = [
    "Design",
    "Effect",
    "Logs",
    "Looks",
    "Loop",
    "Monitoring",
    "OffPolicy",
    "People",
    "Play",
    "RatioCheck",
    "SampleRatioMismatch",
    "Survey",
    "Visits",
    "check_ratio",
    "check_support",
    "compare_means",
    "compare_ratios",
    "compare_shares",
    "estimate_value",
    "make_people",
    "monitor",
    "play",
    "post_stratify",
    "power",
    "shelf_chances",
    "shift_errors",
    "simulate_answers",
    "simulate_feedback",
    "simulate_logs",
    "simulate_looks",
    "simulate_visits",
    "users_per_arm",
]
