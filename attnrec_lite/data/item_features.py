"""Where the signals about items come from: texts, files of vectors, the shop, films."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnrec_lite._checks import one_of, whole
from attnrec_lite.data.films import film_facts
from attnrec_lite.data.interactions import Interactions
from attnrec_lite.data.modality import Modality
from attnrec_lite.data.movielens import film_genres
from attnrec_lite.data.shop import Shop
from attnrec_lite.data.vocabulary import Vocabulary

_YEAR = re.compile(r"\((\d{4})\)\s*$")


def text_features(
    texts: Sequence[str], name: str = "text", width: int = 512, by: str = "letters"
) -> Modality:
    """Texts as vectors that need no training: hashed pieces of words, each text of length 1.

    A hash knows no vocabulary, so nothing is learned from the texts of the test, an item that comes
    tomorrow fits in, and no script is foreign. Two pieces may share a column.

    Args:
        texts: one for each item, in any script.
        name: of the modality.
        width: columns of the hash.
        by: ``"letters"``, groups of 2 to 4 letters inside words, which suits scripts without spaces
            and words that share a stem; or ``"words"``.

    Returns:
        Numbers, ``(N + 1, width)``; a text without a letter or digit counts as missing.

    Raises:
        ImportError: if scikit-learn is not installed.
        ValueError: if an entry is not a text, or an argument is out of range.

    >>> found = text_features(["tea kettle", "", "鉄瓶"])
    >>> found.known[1:], np.linalg.norm(found.values, axis=1).round(3)
    (array([ True, False,  True]), array([0., 1., 0., 1.], dtype=float32))
    """
    one_of("by", by, ("letters", "words"))
    wrong = [text for text in texts if not isinstance(text, str)]
    if wrong:
        raise ValueError(f"{name}: expected a text for each item; received {wrong[0]!r}")
    try:
        from sklearn.feature_extraction.text import HashingVectorizer
    except ImportError as error:
        raise ImportError(
            "text_features: expected the package scikit-learn; received none: "
            "pip install scikit-learn"
        ) from error
    letters = {"analyzer": "char_wb", "ngram_range": (2, 4)}
    words = {"analyzer": "word", "token_pattern": r"(?u)\w+"}
    hashing = HashingVectorizer(
        n_features=whole("width", width), **(letters if by == "letters" else words)
    )
    known = [any(c.isalnum() for c in text) for text in texts]
    return Modality.of_vectors(name, hashing.transform(texts).toarray(), known)


def load_features(
    path: str | Path,
    items: Vocabulary,
    name: str | None = None,
    width: int | None = None,
    unknown: str = "error",
) -> Modality:
    """Read the vectors of a pretrained encoder, whatever it looked at or listened to.

    Run the encoder once, elsewhere, over pictures, sounds or texts, and save what it says::

        np.savez("pictures.npz", ids=raw_ids, vectors=vectors)      # (n,) and (n, f)

    or two files, ``pictures.npy`` and ``pictures.ids.npy``. Nothing in them is executed.

    Args:
        path: the ``.npz`` or ``.npy`` file.
        items: the vocabulary, whose raw ids the file uses.
        name: of the modality; by default the file's, without its ending.
        width: what the encoder is known to give; None takes what comes.
        unknown: ``"error"`` refuses ids that the vocabulary lacks, ``"drop"`` leaves them out.

    Returns:
        The vectors in the order of the vocabulary; items that the file lacks are marked missing.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a file is damaged or holds objects, shapes do not fit, the width is another,
            an id is unknown or repeated, or a number is NaN or inf.
    """
    path = Path(path)
    one_of("unknown", unknown, ("error", "drop"))
    ids, vectors = _read(path)
    if vectors.ndim != 2 or vectors.dtype.kind not in "iuf" or ids.shape != vectors.shape[:1]:
        raise ValueError(
            f"{path.name}: expected numbers of shape (n, width) and n ids; "
            f"received {vectors.dtype} {vectors.shape} and ids of shape {ids.shape}"
        )
    if width is not None and vectors.shape[1] != width:
        raise ValueError(f"{path.name}: expected width {width}; received {vectors.shape[1]}")
    raw, times = np.unique(ids, return_counts=True)
    if (times > 1).any():
        raise ValueError(f"{path.name}: expected each id once; {raw[times > 1][0]!r} is repeated")
    code = {key: number for number, key in enumerate(items.raw.tolist())}
    place = np.array([code.get(key, -1) for key in ids.tolist()], np.int64)
    strange = np.flatnonzero(place < 0)
    if len(strange) and unknown == "error":
        raise ValueError(
            f"{path.name}: expected ids of the vocabulary; {ids[strange[0]].item()!r} is unknown, "
            f"{len(strange)} of {len(ids)} are (unknown='drop' leaves them out)"
        )
    keep = place >= 0
    bad = keep & ~np.isfinite(vectors).all(axis=1)
    if bad.any():
        raise ValueError(
            f"{path.name}: expected finite numbers; {ids[bad][0].item()!r} has NaN or inf"
        )
    rows = np.zeros((len(items), vectors.shape[1]), np.float32)
    rows[place[keep]] = vectors[keep]
    return Modality.of_vectors(name or path.stem, rows, np.isin(np.arange(len(items)), place[keep]))


def generated_picture(
    category: NDArray[np.int64], seed: int = 0, width: int = 16, noise: float = 0.7
) -> NDArray[np.float32]:
    """Vectors such as an image encoder would give, made up: nobody took a photograph.

    Things of one category look alike: a direction for each category, and noise for each item.

    Args:
        category: of each item, from 0, shape ``(N,)``.
        seed: of the numbers.
        width: f.
        noise: length of the noise; that of the direction is 1.

    Returns:
        Float32 ``(N, f)``.
    """
    rng = np.random.default_rng([seed, 13])
    looks = rng.normal(size=(int(category.max()) + 1, width))
    looks /= np.linalg.norm(looks, axis=1, keepdims=True)
    blur = rng.normal(scale=noise * width**-0.5, size=(len(category), width))
    return (looks[category] + blur).astype(np.float32)


def shop_signals(shop: Shop, seed: int) -> tuple[Modality, ...]:
    """The four signals of ``Modalities.of_shop``."""
    price = np.log(np.maximum(shop.price[1:], 0.01))
    scaled = (price - price.mean()) / (price.std() or 1.0)
    names = [(shop.category_names[c],) for c in shop.category[1:]]
    picture = generated_picture(shop.category[1:], seed)
    return (
        text_features(shop.text[1:]),
        Modality.of_labels("category", names),
        Modality.of_vectors("price", scaled[:, None]),
        Modality.of_vectors("picture", picture),
    )


def film_signals(log: Interactions, at_least: int) -> tuple[Modality, ...]:
    """The five signals of ``Modalities.of_films``."""
    genres, facts = film_genres(), film_facts(log)
    of_film = [genres.get(raw, ()) for raw in log.items.raw.tolist()]
    decades = [_decade(title) for title in log.items.titles.tolist()]
    found = [("genre", of_film, 1), ("decade", decades, 1)]
    found += [(name, facts[name].tolist(), at_least) for name in ("director", "cast", "country")]
    some = [(name, bags, least) for name, bags, least in found if _most_frequent(bags) >= least]
    return tuple(Modality.of_labels(name, bags, least) for name, bags, least in some)


def _most_frequent(bags: Sequence[tuple[str, ...]]) -> int:
    """How many bags hold the most frequent label."""
    counts = Counter(label for bag in bags for label in set(bag))
    return max(counts.values(), default=0)


def _decade(title: str) -> tuple[str, ...]:
    found = _YEAR.search(title)
    return (f"{found[1][:3]}0s",) if found else ()


def _read(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Ids and vectors of a file, or of two."""
    beside = path.with_name(f"{path.stem}.ids.npy")
    for needed in (path, beside) if path.suffix == ".npy" else (path,):
        if not needed.is_file():
            raise FileNotFoundError(f"path: expected a file of vectors; there is no {needed}")
    try:
        if path.suffix == ".npy":
            return np.load(beside, allow_pickle=False), np.load(path, allow_pickle=False)
        with np.load(path, allow_pickle=False) as file:
            return file["ids"], file["vectors"]
    except Exception as error:  # a damaged file fails in many ways, each of them this one
        raise ValueError(
            f"path: expected the arrays ids and vectors, without pickle; {path} has none ({error})"
        ) from error
