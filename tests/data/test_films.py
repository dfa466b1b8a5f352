"""Films are found by any of their names and by no other film's; the facts are the right ones."""

import os
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnrec_lite.data import Interactions, film_facts, films, movielens
from attnrec_lite.data.fetch import ENVIRONMENT
from attnrec_lite.data.films import film_names, normalise
from attnrec_lite.data.movielens import read_edition

pytest.importorskip("bokeh_sampledata")
TWEETINGS = Path(os.environ.get(ENVIRONMENT, "")) / "movietweetings"


def log_of(*titles):
    raw = range(1, len(titles) + 1)
    return Interactions.from_columns(
        [0] * len(titles), raw, raw, titles=dict(zip(raw, titles, strict=True))
    )


def facts_of(*titles):
    return film_facts(log_of(*titles))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Usual Suspects, The", "theusualsuspects"),
        ("Awfully Big Adventure, An", "anawfullybigadventure"),
        ("Star Maker, L'", "lstarmaker"),
        ("Léon", "leon"),
        ("WALL·E", "walle"),
        ("Zatôichi", "zatoichi"),
        ("Fast & Furious", "fastandfurious"),
        ("Die  Hard", "diehard"),
        ("12 Angry Men", "12angrymen"),
        ("七人の侍", "七人の侍"),
        ("Crouching Tiger, Hidden Dragon", "crouchingtigerhiddendragon"),
        ("", ""),
        ("𝐀＆B", "aandb"),
    ],
)
def test_names_are_normalised(name, expected):
    assert normalise(name) == expected


@given(name=st.text(max_size=20))
def test_normalising_twice_changes_nothing(name):
    assert normalise(normalise(name)) == normalise(name)


@pytest.mark.parametrize(
    ("title", "names", "year"),
    [
        ("Heat (1995)", ["heat"], 1995),
        ("Hate (Haine, La) (1995)", ["hate", "hatehainela", "lahaine"], 1995),
        ("European Vacation (aka Our Trip) (1985)", ["europeanvacation", "ourtrip"], 1985),
        ("(500) Days of Summer (2009)", ["daysofsummer", "500daysofsummer", "500"], 2009),
        ("1984 (1984)", ["1984"], 1984),
        ("film 151307", ["film151307"], None),
        ("(1995)", ["1995"], None),
    ],
)
def test_a_title_gives_its_names_and_its_year(title, names, year):
    found, found_year = film_names(title)
    assert found_year == year
    assert [name for name in names if name not in found] == []
    assert found[0] == names[0]


def test_films_are_found_by_any_of_their_names():
    facts = facts_of(
        "Toy Story (1995)",
        "Hate (Haine, La) (1995)",
        "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)",
        "Misérables, Les (1995)",
        "(500) Days of Summer (2009)",
        "Seven Samurai (Shichinin no samurai) (1953)",  # of 1954: a year off
        "Casablanca (1944)",  # of 1942: two years off
        "Toy Story",
        "No Film Has This Name (1995)",
    )
    assert facts.matched.tolist() == [True] * 6 + [False] * 3
    assert facts.index.tolist() == list(range(1, 10))
    assert facts.director[1] == ("John Lasseter",)
    assert facts.runtime[1] == 80
    assert facts.title[2] == "La Haine"
    assert facts.country[2] == ("France",)
    assert facts.year[6] == 1954
    nothing = facts.loc[9]
    assert (nothing.director, nothing.cast, nothing.writers, nothing.country) == ((),) * 4
    assert (nothing.title, nothing.year, nothing.imdb) == ("", 0, "")
    assert np.isnan(nothing.runtime)


def test_two_films_of_one_name_keep_apart():
    facts = facts_of("Island, The (2005)", "The Island (2006)", "Jack Frost (1998)")
    assert facts.director.tolist() == [("Michael Bay",), ("Pavel Lungin",), ("Troy Miller",)]
    # the second is another film: "Class" is only the nearest of its name, a year off
    facts = facts_of("Class, The (Entre les murs) (2008)", "Class, The (Klass) (2007)")
    assert facts.matched.tolist() == [True, False]
    # one film that the log has twice
    assert facts_of("War of the Worlds (2005)", "War of the Worlds (2005)").matched.all()
    # a film's first name counts more than another name, whatever the year
    assert facts_of("Stay (a.k.a. Sleeping Dogs Lie) (2006)").title[1] == "Stay"


def test_a_comma_before_junior_is_inside_the_name():
    with closing(sqlite3.connect(_path().as_uri() + "?mode=ro", uri=True)) as connection:
        query = "SELECT Title, Year FROM omdb WHERE \"Cast\" LIKE '%, Jr%' LIMIT 1"
        title, year = connection.execute(query).fetchone()
    cast = facts_of(f"{title} ({year})").cast[1]
    assert any(", Jr" in name for name in cast)
    assert not any(name.startswith("Jr") for name in cast)


def _path():
    import bokeh_sampledata

    return Path(bokeh_sampledata.__file__).parent / "_data" / "movies.db"


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "bokeh_sampledata", None)
    with pytest.raises(ImportError, match="pip install bokeh-sampledata==2026.1"):
        facts_of("Heat (1995)")


@pytest.mark.parametrize("content", [None, b"", b"other data under the same name"])
def test_another_file_of_that_name_is_refused(monkeypatch, tmp_path, content):
    (tmp_path / "_data").mkdir()
    if content is not None:
        (tmp_path / "_data" / "movies.db").write_bytes(content)
    monkeypatch.setattr(films.resources, "files", lambda _: tmp_path)
    with pytest.raises(
        ValueError, match=r"movies.db: expected sha256 1d9c.*2026\.1 \(CC0\); received"
    ):
        facts_of("Heat (1995)")


@pytest.mark.slow
def test_most_of_movielens_is_found():
    log = movielens()
    facts = film_facts(log)
    assert facts.matched.sum() == 7469
    assert round(100 * facts.matched.to_numpy()[log.item - 1].mean(), 1) == 94.2
    assert facts.loc[log.items.id_of("Toy Story (1995)")].imdb == "tt0114709"


@pytest.mark.slow
@pytest.mark.skipif(not TWEETINGS.is_dir(), reason="the files of MovieTweetings are not here")
def test_the_film_found_is_the_right_one_where_the_raw_id_tells():
    log = read_edition("movietweetings", TWEETINGS)
    facts = film_facts(log)[lambda frame: frame.matched]
    right = facts.imdb.to_numpy() == np.char.add("tt", log.items.raw[facts.index - 1])
    assert right.mean() > 0.997
