"""Where signals come from: texts in any script, files of vectors, the shop, films."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from attnrec_lite.data import (
    Interactions,
    Modalities,
    Vocabulary,
    generated_picture,
    load_features,
    make_shop,
    text_features,
)

GOODS = Vocabulary(np.array([10, 25, 7]))
WORDS = Vocabulary(np.array(["a", "b", "c"]))


# ---- texts -------------------------------------------------------------------------------------


def test_texts_that_share_letters_are_close_in_any_script():
    texts = ["watering can", "water bottle", "dice", "鉄瓶と茶碗", "鉄瓶", "чайник", "чай", "إبريق"]
    found = text_features(texts)
    assert found.known[1:].all()
    v = found.values[1:]
    assert_allclose(np.linalg.norm(v, axis=1), 1, rtol=1e-6)
    near = v @ v.T
    assert near[0, 1] > near[0, 2] + 0.1
    assert near[3, 4] > near[4, 2] + 0.1
    assert near[5, 6] > near[6, 2] + 0.1


@pytest.mark.parametrize("text", ["", "   ", "?!", "\n", "—"])
def test_a_text_without_a_letter_is_missing(text):
    found = text_features(["tea", text])
    assert found.known.tolist() == [False, True, False]
    assert not found.values[2].any()


def test_an_item_of_tomorrow_gets_the_same_numbers_whatever_else_there_is():
    alone, among = text_features(["tea kettle"]), text_features(["bike", "tea kettle", "glue"])
    assert_array_equal(alone.values[1], among.values[2])


def test_words_and_letters_differ_and_short_words_count():
    by_word = text_features(["a", "b", "tea"], by="words", width=64)
    assert by_word.known.sum() == 3
    assert by_word.width == 64
    assert np.all(np.linalg.norm(by_word.values[1:], axis=1) > 0)
    near = text_features(["kettle", "kettles", "bell"], by="words").values
    assert near[1] @ near[2] == 0
    near = text_features(["kettle", "kettles", "bell"]).values
    assert near[1] @ near[2] > 0.5


def test_what_is_no_text_is_refused():
    with pytest.raises(ValueError, match="^text: expected a text for each item; received None"):
        text_features(["tea", None])
    with pytest.raises(ValueError, match="^by: expected one of letters, words; received 'bytes'"):
        text_features(["tea"], by="bytes")
    with pytest.raises(ValueError, match="^width: expected an integer of at least 1"):
        text_features(["tea"], width=0)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.feature_extraction.text", None)
    with pytest.raises(ImportError, match="pip install scikit-learn"):
        text_features(["tea"])


# ---- files -------------------------------------------------------------------------------------


def saved(tmp_path, ids=(7, 10), vectors=((1.0, 2.0), (3.0, 4.0)), kind="npz"):
    if kind == "npz":
        np.savez(tmp_path / "picture.npz", ids=np.array(ids), vectors=np.array(vectors))
        return tmp_path / "picture.npz"
    np.save(tmp_path / "picture.npy", np.array(vectors))
    np.save(tmp_path / "picture.ids.npy", np.array(ids))
    return tmp_path / "picture.npy"


@pytest.mark.parametrize("kind", ["npz", "npy"])
def test_vectors_go_to_their_items_and_the_others_are_missing(tmp_path, kind):
    found = load_features(saved(tmp_path, kind=kind), GOODS, width=2)
    assert found.name == "picture"
    assert_array_equal(found.values, [[0, 0], [3, 4], [0, 0], [1, 2]])
    assert_array_equal(found.known, [False, True, False, True])


def test_ids_may_be_words_and_vectors_halves(tmp_path):
    path = saved(tmp_path, ["c", "a"], np.array([[1], [2]], np.float16))
    found = load_features(str(path), WORDS, name="sound")
    assert (found.name, found.values.dtype) == ("sound", np.float32)
    assert_array_equal(found.values[:, 0], [0, 2, 0, 1])


def test_ids_of_another_catalogue_are_refused_or_dropped(tmp_path):
    path = saved(tmp_path, [7, 99])
    with pytest.raises(ValueError, match=r"^picture\.npz: .* 99 is unknown, 1 of 2 are"):
        load_features(path, GOODS)
    assert load_features(path, GOODS, unknown="drop").known.tolist() == [False, False, False, True]
    with pytest.raises(ValueError, match="'7' is unknown|7 is unknown"):
        load_features(saved(tmp_path, ["7", "10"]), GOODS)  # words are no numbers
    with pytest.raises(ValueError, match="^unknown: expected one of error, drop"):
        load_features(path, GOODS, unknown="ignore")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ids": [7, 7]}, r"^picture\.npz: expected each id once; np\.int64\(7\) is repeated"),
        ({"ids": [7]}, "received float64 .2, 2. and ids of shape .1,."),
        ({"vectors": [[1.0, np.nan], [1, 1]]}, "expected finite numbers; 7 has NaN or inf"),
        ({"vectors": [[1.0, 1], [np.inf, 1]]}, "expected finite numbers; 10 has NaN or inf"),
        ({"vectors": [1.0, 2.0]}, r"expected numbers of shape \(n, width\) and n ids"),
        ({"vectors": [["a"], ["b"]]}, r"expected numbers of shape \(n, width\)"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        load_features(saved(tmp_path, **change), GOODS)


def test_another_width_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"^picture\.npz: expected width 384; received 2"):
        load_features(saved(tmp_path), GOODS, width=384)


def test_a_missing_file_and_a_missing_half_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load_features(tmp_path / "none.npz", GOODS)
    np.save(tmp_path / "picture.npy", np.ones((2, 2)))
    with pytest.raises(FileNotFoundError, match=r"picture\.ids\.npy"):
        load_features(tmp_path / "picture.npy", GOODS)


class Trap:
    """Pickled, it makes a file when it is read."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("kind", ["text", "objects", "no ids", "cut"])
def test_a_damaged_file_is_refused_and_nothing_in_it_runs(tmp_path, kind):
    path = saved(tmp_path)
    if kind == "text":
        path.write_text("id,x\n7,1\n")
    elif kind == "objects":
        trap = np.empty(1, object)
        trap[0] = Trap(tmp_path / "sprung")
        np.savez(path, ids=trap, vectors=np.ones((1, 1)))
    elif kind == "no ids":
        np.savez(path, vectors=np.ones((1, 1)))
    else:
        path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(ValueError, match="^path: expected the arrays ids and vectors"):
        load_features(path, GOODS)
    assert not (tmp_path / "sprung").exists()


# ---- the shop and films ------------------------------------------------------------------------


def test_the_goods_of_the_shop():
    shop = make_shop(n_users=30)
    found = Modalities.of_shop(shop)
    assert found.names == ("text", "category", "price", "picture")
    assert all(signal.known[1:].all() for signal in found)
    label = np.array(["", *found["category"].labels])[found["category"].values[:, 0]]
    assert label[1:].tolist() == [shop.category_names[c] for c in shop.category[1:]]
    price = found["price"].values[1:, 0]
    assert_allclose([price.mean(), price.std()], [0, 1], atol=1e-6)
    assert_array_equal(np.argsort(price, kind="stable")[-1], np.argmax(shop.price[1:]))


def test_generated_pictures_of_a_category_look_alike_and_are_the_same_again():
    category = np.arange(60) % 3
    v = generated_picture(category)
    assert_array_equal(v, generated_picture(category))
    v = v / np.linalg.norm(v, axis=1, keepdims=True)
    alike, same = v @ v.T, category[:, None] == category
    others = ~np.eye(60, dtype=bool)
    assert alike[same & others].mean() > alike[~same].mean() + 0.4
    assert not np.array_equal(v[0], v[3])


def film_log(titles):
    raw = list(titles)
    return Interactions.from_columns([0] * len(raw), raw, range(len(raw)), titles=titles)


def test_films_have_genres_decades_and_people():
    log = film_log({1: "Toy Story (1995)", 2: "Jumanji (1995)", 59315: "Iron Man (2008)"})
    found = Modalities.of_films(log, at_least=1)
    assert found.names == ("genre", "decade", "director", "cast", "country")

    def labels(name, item):
        code = log.items.id_of(item)
        return {found[name].labels[c - 1] for c in found[name].values[code] if c}

    assert "Animation" in labels("genre", 1)
    assert labels("decade", 1) == {"1990s"}
    assert labels("director", 1) == {"John Lasseter"}
    assert "Bonnie Hunt" in labels("cast", 2)
    assert labels("cast", 1) == set()  # the facts have none
    assert not found["cast"].known[log.items.id_of(1)]
    assert labels("decade", 59315) == {"2000s"}


def test_what_no_film_has_is_left_out_and_a_film_without_a_year_has_no_decade():
    found = Modalities.of_films(film_log({1: "Toy Story (1995)", 2: "film 2"}), at_least=3)
    assert found.names == ("genre", "decade")
    assert found["decade"].known.tolist() == [False, True, False]
