"""Several interests per user: what the fifth source article set out to build.

The five slots: query = K learned vectors, one per interest, the same for all users; keys and values
= the history; score = a small network on the past item plus a learned bias for how long ago;
normaliser = softmax over the history, one per interest; readout = the interest that scores the
candidate highest, plus the candidate's bias: equations (7.9) and (7.10).

The repair adds the history with its softmax (the source has a sigmoid after the last layer and no
weights at all), interests that come from what a user did and are not drawn at random, the bias for
how long ago, and a target that is the next item.

Source: self-attentive pooling follows Lin et al. (2017) and, for interests, Cen et al. (2020).
"""

from __future__ import annotations

from attnrec_lite.data.vocabulary import Vocabulary
from attnrec_lite.models.multi_interest import MultiInterest


class InterestModel(MultiInterest):
    """K interests per user, the best one scores: equations (7.9) and (7.10).

    It is ``MultiInterest`` by attention, in which every item that competes picks its best interest.

    Args:
        items: the vocabulary.
        width: of item vectors.
        interests: K, how many.
        window: how many of the newest items it looks at.
        dropout: share of the history's vectors dropped in training.
        negatives: items drawn per batch for the loss.
        seed: the same seed gives the same model, to the last bit on a CPU.

    Raises:
        ValueError: if a number is out of range.

    >>> from attnrec_lite.data import Interactions
    >>> log = Interactions.from_columns([0] * 4, [1, 2, 3, 4], [1, 2, 3, 4])
    >>> model = InterestModel(log.items, width=4, window=3).fit(log, epochs=1)
    >>> model.attention([[1, 2]], [[3]]).axes
    ('user', 'interest', 'key')
    """

    name = "interests"

    def __init__(
        self,
        items: Vocabulary,
        width: int = 64,
        interests: int = 4,
        window: int = 20,
        dropout: float = 0.25,
        negatives: int = 256,
        seed: int = 0,
    ) -> None:
        super().__init__(
            items, width=width, interests=interests, choose="each", window=window,
            dropout=dropout, negatives=negatives, seed=seed,
        )  # fmt: skip
        self._settings = ("width", "interests", "window", "dropout", "negatives", "seed")
