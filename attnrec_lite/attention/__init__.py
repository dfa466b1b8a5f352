"""The formulas of the book as Keras layers, for batches, in any precision.

One file per idea, each a thin shell around a line of TensorFlow:

* ``scores`` and ``Score``: how strongly each query asks for each key;
* ``masked_softmax``: scores to weights over real items only; ``smoothed_softmax``: half-way;
* ``AttentionPooling``: one vector from a set;
* ``attend`` and ``visible``: many queries at once, and who may look at whom;
* ``Positions``: how long ago an item was;
* ``MultiHeadAttention``: every position asks every other, or a second sequence;
* ``TransformerBlock``: such attention and a small network, stacked by the models of sequences;
* ``ScoringHead`` and ``top_k``: a context to scores of candidates, and scores to a list.

Shapes are ``(batch, length, width)``. A mask is boolean, True = real item, and comes from item
ids, never from vectors: a vector can be zero by chance. All layers save, load, and run in
``model.fit``, ``tf.function``, ``mixed_float16`` and under ``tf.distribute``.

Explained in the chapters 2 to 4; tested against ``formulas``.
"""

from attnrec_lite.attention.attend import attend, visible
from attnrec_lite.attention.block import TransformerBlock
from attnrec_lite.attention.multihead import MultiHeadAttention
from attnrec_lite.attention.pooling import AttentionPooling
from attnrec_lite.attention.positions import POSITIONS, Positions
from attnrec_lite.attention.readout import ScoringHead, top_k
from attnrec_lite.attention.scores import SCORES, Score, scores
from attnrec_lite.attention.smoothed import smoothed_softmax
from attnrec_lite.attention.weights import masked_softmax

__all__ = [
    "POSITIONS",
    "SCORES",
    "AttentionPooling",
    "MultiHeadAttention",
    "Positions",
    "Score",
    "ScoringHead",
    "TransformerBlock",
    "attend",
    "masked_softmax",
    "scores",
    "smoothed_softmax",
    "top_k",
    "visible",
]
