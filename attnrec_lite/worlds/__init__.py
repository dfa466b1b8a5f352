"""Eight generated worlds behind one interface, each with one twist that a shop does not have.

``mask`` keeps lists to what may be shown, ``base`` is the interface, ``contest`` lets policies
live through a world and compares them over seeds; ``taste`` holds the score that every policy
starts from, ``calibrate`` makes chances of scores. All people here are invented, and nothing that
is measured here says what works on real ones.

>>> world = WORLDS["medicine"](seed=0, people=50)
>>> world.card.harm
'a treatment that is contraindicated'
>>> policies = world.policies(world.observe())
>>> play(world, policies["effect + mask"])["forbidden"]
0.0
"""

from attnrec_lite.worlds.ads import Ads
from attnrec_lite.worlds.base import Card, Feedback, Policy, Slate, State, World
from attnrec_lite.worlds.calibrate import fit_isotonic, fit_platt
from attnrec_lite.worlds.contest import Contest, contest, play, seed_interval
from attnrec_lite.worlds.education import Education
from attnrec_lite.worlds.finance import Finance
from attnrec_lite.worlds.mask import Shown, recommend_allowed
from attnrec_lite.worlds.medicine import Medicine
from attnrec_lite.worlds.music import Music
from attnrec_lite.worlds.news import News
from attnrec_lite.worlds.social import Social
from attnrec_lite.worlds.taste import preference
from attnrec_lite.worlds.travel import Travel

_KINDS: tuple[type[World], ...] = (
    Ads, News, Music, Social, Education, Medicine, Travel, Finance,
)  # fmt: skip
WORLDS: dict[str, type[World]] = {kind.card.name: kind for kind in _KINDS}

__all__ = [
    "WORLDS",
    "Ads",
    "Card",
    "Contest",
    "Education",
    "Feedback",
    "Finance",
    "Medicine",
    "Music",
    "News",
    "Policy",
    "Shown",
    "Slate",
    "Social",
    "State",
    "Travel",
    "World",
    "contest",
    "fit_isotonic",
    "fit_platt",
    "play",
    "preference",
    "recommend_allowed",
    "seed_interval",
]
