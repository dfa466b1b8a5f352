"""Worlds of a size at which everything takes milliseconds."""

import pytest

from attnrec_lite.worlds import WORLDS

SIZES = {
    "ads": {"n_items": 8, "people": 20, "rounds": 4},
    "news": {"n_items": 40, "people": 20, "rounds": 4},
    "music": {"n_items": 60, "people": 12, "rounds": 3},
    "social": {"n_items": 20, "rounds": 3},
    "education": {"skills": 5, "people": 20, "rounds": 6},
    "medicine": {"people": 200, "log_size": 600},
    "travel": {"n_items": 12, "people": 40, "rounds": 3},
    "finance": {"n_items": 12, "people": 60, "rounds": 3},
}


@pytest.fixture(scope="session")
def sizes():
    return SIZES


@pytest.fixture(scope="session", params=list(WORLDS))
def small(request):
    """Each world in turn, with its policies."""
    world = WORLDS[request.param](seed=3, **SIZES[request.param])
    return world, world.policies(world.observe(3))
