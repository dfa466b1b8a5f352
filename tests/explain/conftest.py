"""Small models of every kind, made once, for the tests of explanations."""

import numpy as np
import pytest

from attnrec_lite.data import Interactions
from attnrec_lite.models import (
    BPR,
    EASE,
    BERT4Rec,
    ItemKNN,
    MeanPooling,
    MultiInterest,
    PairwiseAttention,
    Popularity,
    QKVRecommender,
    SASRec,
    ScoreTimesAttention,
    TargetAttention,
    TimedSASRec,
)

N = 7
SMALL = {"width": 4, "window": 5, "negatives": 6, "seed": 3}


def make_log():
    rng = np.random.default_rng(0)
    rows = [(u, i, t) for u in range(12) for t, i in enumerate(rng.integers(1, N + 1, size=u % 5))]
    rows += [(12, i, i) for i in range(1, N + 1)]
    titles = {i: f"thing {i}" for i in range(1, N + 1)}
    return Interactions.from_columns(*zip(*rows, strict=True), titles=titles)


LOG = make_log()
NETWORKS = {
    "mean": lambda: MeanPooling(LOG.items, **SMALL),
    "qkv": lambda: QKVRecommender(LOG.items, heads=2, **SMALL),
    "sasrec": lambda: SASRec(LOG.items, **SMALL),
    "sasrec, ages": lambda: SASRec(LOG.items, positions="absolute", heads=2, **SMALL),
    "timed": lambda: TimedSASRec(LOG.items, **SMALL),
    "bert4rec": lambda: BERT4Rec(LOG.items, width=4, heads=2, window=5),
    "target": lambda: TargetAttention(LOG.items, **SMALL),
    "score x": lambda: ScoreTimesAttention(LOG.items, **SMALL),
    "pairwise": lambda: PairwiseAttention(LOG.items, units=3, **SMALL),
    "interests": lambda: MultiInterest(LOG.items, interests=3, **SMALL),
}
OTHERS = {
    "popularity": lambda: Popularity(LOG.items).fit(LOG),
    "knn": lambda: ItemKNN(LOG.items, k=3).fit(LOG),
    "ease": lambda: EASE(LOG.items, penalty=2.0).fit(LOG),
    "bpr": lambda: BPR(LOG.items, width=4, negatives=5).fit(LOG, epochs=3, batch=7),
    "routed": lambda: MultiInterest(LOG.items, interests=3, extract="routing", **SMALL),
}
_made = {}


def made(name):
    """A model by its name, the same one each time; of a network, every number is random."""
    if name not in _made:
        model = _made[name] = (NETWORKS | OTHERS)[name]()
        if hasattr(model, "network"):
            rng = np.random.default_rng(1)
            arrays = {n: np.asarray(a) for n, a in model._arrays().items()}
            stirred = {
                n: a + 0.4 * rng.normal(size=a.shape) * (a.ndim > 0) for n, a in arrays.items()
            }
            model._set_arrays({n: a.astype(arrays[n].dtype) for n, a in stirred.items()})
    return _made[name]


@pytest.fixture(params=NETWORKS)
def network(request):
    return made(request.param)


@pytest.fixture(params=NETWORKS | OTHERS)
def model(request):
    return made(request.param)


@pytest.fixture
def fitted():
    return made
