"""Online Retail: every quirk of its invoices is treated and counted."""

import hashlib
import sys
import zipfile

import numpy as np
import pytest

from attnrec_lite.data import fetch, load, online_retail
from attnrec_lite.data.fetch import DownloadError
from attnrec_lite.data.retail import COLUMNS

pd = pytest.importorskip("pandas")
pytest.importorskip("openpyxl")

DAY = "2010-12-01 08:26:00"
LINES = [
    # invoice, code, description, quantity, date, price, customer, country
    (536365, "85123A", "WHITE HEART HOLDER", 6, DAY, 2.55, 17850, "United Kingdom"),
    (536365, 71053, "WHITE LANTERN", 6, DAY, 3.39, 17850, "United Kingdom"),
    (536366, "85123a", " CREAM HEART ", 2, "2010-12-02 09:00:00", 2.55, 13047, "United Kingdom"),
    (536367, "85123A", "CREAM HEART", 1, "2010-12-03 09:00:00", 2.55, 13047, "United Kingdom"),
    (536365, 71053, "WHITE LANTERN", 6, DAY, 3.39, 17850, "United Kingdom"),  # again, exactly
    (
        536365,
        71053,
        "WHITE LANTERN",
        4,
        DAY,
        3.39,
        17850,
        "United Kingdom",
    ),  # again, another number
    (536368, 71053, "WHITE LANTERN", 1, DAY, 3.39, None, "France"),  # nobody
    ("C536379", 71053, "WHITE LANTERN", -1, DAY, 3.39, 17850, "United Kingdom"),  # cancelled
    (536370, 71053, "lost", -5, DAY, 0, 17850, "United Kingdom"),
    (536371, "POST", "POSTAGE", 3, DAY, 18, 12583, "France"),
    (536372, "M", "Manual", 1, DAY, 18, 12583, "France"),
    (536373, "DOT", "DOTCOM POSTAGE", 1, DAY, 18, 12583, "France"),
    (536374, 22423, None, 1, "2010-12-04 10:00:00", 12.75, 12583, "France"),  # without a name
]


@pytest.fixture
def sheet(tmp_path):
    path = tmp_path / "Online Retail.xlsx"
    frame = pd.DataFrame(LINES, columns=list(COLUMNS))
    frame["InvoiceDate"] = pd.to_datetime(frame["InvoiceDate"])
    frame.to_excel(path, index=False)
    return path


def test_the_purchases_are_what_is_left(sheet):
    log = load("online-retail", path=sheet)
    rows = [
        (int(log.user_ids[u]), log.items.raw[i - 1], float(v))
        for u, i, v in zip(log.user, log.item, log.value, strict=True)
    ]
    assert rows == [
        (12583, "22423", 1.0),
        (13047, "85123A", 2.0),
        (13047, "85123A", 1.0),
        (17850, "85123A", 6.0),
        (17850, "71053", 10.0),  # 6 and 4; the exact repetition is left out
    ]
    assert log.items.title([1, 2, 3]).tolist() == ["22423", "WHITE LANTERN", "CREAM HEART"]
    assert log.time[-1] == np.datetime64(DAY, "s").astype(int)
    assert log.describe().tied_share == 2 / 5


def test_what_was_left_out_is_counted(sheet):
    notes = "\n".join(online_retail(sheet).notes)
    for note in (
        "13 lines read",
        "left out 1 line without a customer",
        "left out 1 line of cancelled invoices",
        "left out 1 line with a quantity of 0 or below, or none",
        "left out 0 lines without a date",
        "left out 3 lines with codes that are no goods",
        "left out 1 line that repeat another exactly",
        "merged 1 line of the same customer, item and minute",
        "1 codes have several descriptions",
        "1 of 3 items has no title",
        hashlib.sha256(sheet.read_bytes()).hexdigest(),
    ):
        assert note in notes


def test_the_zip_is_read_as_it_came(sheet, tmp_path):
    with zipfile.ZipFile(tmp_path / "online+retail.zip", "w") as zipped:
        zipped.write(sheet, sheet.name)
    assert len(online_retail(tmp_path / "online+retail.zip")) == 5


@pytest.mark.parametrize("call", [lambda: load("online-retail"), lambda: fetch("online-retail")])
def test_it_is_not_downloaded_without_a_checksum(call):
    with pytest.raises(DownloadError, match="no checksum is published") as error:
        call()
    assert "By hand: get 'Online Retail.xlsx'" in str(error.value)
    assert "path=" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no spreadsheet", b"PK\x03\x04 cut off"])
def test_another_file_is_refused(tmp_path, content):
    path = tmp_path / "Online Retail.xlsx"
    path.write_bytes(content)
    with pytest.raises(
        ValueError, match=r"Online Retail.xlsx: expected 'Online Retail.xlsx' or a zip"
    ):
        online_retail(path)


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as zipped:
        zipped.writestr("readme.txt", "hello")
    with pytest.raises(ValueError, match=r"other.zip: expected 'Online Retail.xlsx' or a zip"):
        online_retail(tmp_path / "other.zip")


def test_other_columns_and_no_lines_are_refused(tmp_path):
    path = tmp_path / "other.xlsx"
    pd.DataFrame({"InvoiceNo": [1], "Price": [2]}).to_excel(path, index=False)
    with pytest.raises(
        ValueError, match="expected the columns InvoiceNo, .*; received InvoiceNo, Price"
    ):
        online_retail(path)
    pd.DataFrame(LINES[6:8], columns=list(COLUMNS)).to_excel(path, index=False)
    with pytest.raises(
        ValueError, match="expected a line with a customer and goods; received none"
    ):
        online_retail(path)
    with pytest.raises(FileNotFoundError):
        online_retail(tmp_path / "nothing.xlsx")


def test_a_missing_reader_is_named(sheet, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(ImportError, match="openpyxl"):
        online_retail(sheet)
