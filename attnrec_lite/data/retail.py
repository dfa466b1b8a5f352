"""Online Retail: a year of a shop's invoices, with all that real invoices are full of.

D. Chen, "Online Retail", UCI Machine Learning Repository, 2015, doi:10.24432/C5BW33, CC BY 4.0:
541,909 lines of a British wholesaler of gifts, December 2010 to December 2011. It comes as a
spreadsheet without a published checksum, so nothing here downloads it: see ``online_retail``.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from attnrec_lite.data._codes import count
from attnrec_lite.data.fetch import fetch
from attnrec_lite.data.interactions import Interactions

COLUMNS = (
    "InvoiceNo", "StockCode", "Description", "Quantity",
    "InvoiceDate", "UnitPrice", "CustomerID", "Country",
)  # fmt: skip
_PRODUCT = r"\d{5}[A-Z]*"  # others are postage, fees, samples, corrections: POST, M, DOT, ...
_SHEET = "Online Retail.xlsx"


def online_retail(path: str | Path | None = None) -> Interactions:
    """Read the spreadsheet of Online Retail: who bought which goods when.

    Left out, and counted in ``notes``: lines without a customer, cancellations (invoices ``C...``),
    quantities of 0 or below, codes that are no goods, and exact duplicates. Spellings of a code
    (``85123a``) become one; an item is called what most of its lines say. Lines of one customer,
    item and minute are one row, with their quantities added up. The lines of a basket share a
    minute, so their order is that of the invoice, not of a choice.

    Args:
        path: ``Online Retail.xlsx``, or the zip that holds it, downloaded by hand.

    Returns:
        The purchases; ``value`` is the quantity. Times are the shop's clock, read as if UTC.
        ``notes`` gives the sha256 of the file, to compare with what others have read.

    Raises:
        DownloadError: if no path is given; says where the file is.
        FileNotFoundError: if there is no such file.
        ImportError: if pandas or openpyxl is not installed.
        ValueError: if the file is no such spreadsheet, or no line is left.
    """
    path = Path(fetch("online-retail") if path is None else path)
    content = path.read_bytes()
    frame = _sheet(path, content)
    lines, notes = _goods(frame)
    if not len(lines):
        raise ValueError(f"{path}: expected a line with a customer and goods; received none")
    spelling = lines.dropna(subset="Description")
    counted = spelling.groupby(["StockCode", "Description"], sort=True).size()
    most = counted.sort_values(ascending=False, kind="stable").reset_index()
    titles = dict(most.drop_duplicates("StockCode")[["StockCode", "Description"]].to_numpy())
    several = int((spelling.groupby("StockCode")["Description"].nunique() > 1).sum())
    keys = ["CustomerID", "StockCode", "InvoiceDate"]
    rows = lines.groupby(keys, sort=False, as_index=False)["Quantity"].sum()
    log = Interactions.from_frame(
        rows, user=keys[0], item=keys[1], time=keys[2], value="Quantity", titles=titles
    )
    notes += [
        f"merged {count(len(lines) - len(rows), 'line')} of the same customer, item and minute",
        f"{several:,} codes have several descriptions (the most frequent is the title)",
        f"sha256 of {path.name}: {hashlib.sha256(content).hexdigest()} (none is published)",
    ]
    return replace(log, notes=(*log.notes, *notes))


def _sheet(path: Path, content: bytes) -> Any:
    """Return the table of the spreadsheet, after a check of its columns."""
    import pandas as pd

    text = dict.fromkeys(("InvoiceNo", "StockCode", "Description"), str)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:  # a spreadsheet is a zip file too
            inside = _SHEET in zipped.namelist()
            content = zipped.read(_SHEET) if inside else content
        frame = pd.read_excel(io.BytesIO(content), dtype=text, engine="openpyxl")
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ValueError(f"{path}: expected {_SHEET!r} or a zip with it; {error}") from error
    missing = [name for name in COLUMNS if name not in frame]
    if missing:
        raise ValueError(
            f"{path}: expected the columns {', '.join(COLUMNS)}; "
            f"received {', '.join(map(str, frame))}"
        )
    return frame


def _goods(frame: Any) -> tuple[Any, list[str]]:
    """Keep the lines that are purchases of goods by a known customer, and count the others."""
    import pandas as pd

    frame = frame[list(COLUMNS)].copy()
    frame["StockCode"] = frame["StockCode"].str.strip().str.upper()
    frame["Description"] = frame["Description"].str.strip().replace("", None)
    frame["InvoiceDate"] = pd.to_datetime(frame["InvoiceDate"], errors="coerce")
    quantity = pd.to_numeric(frame["Quantity"], errors="coerce")
    reasons = {
        "without a customer": frame["CustomerID"].isna(),
        "of cancelled invoices": frame["InvoiceNo"].str.upper().str.startswith("C", na=False),
        "with a quantity of 0 or below, or none": ~(quantity > 0),
        "without a date": frame["InvoiceDate"].isna(),
        "with codes that are no goods": ~frame["StockCode"].str.fullmatch(_PRODUCT, na=False),
        "that repeat another exactly": frame.duplicated(),
    }
    keep = pd.Series(True, index=frame.index)
    notes = []
    for reason, wrong in reasons.items():
        notes.append(f"left out {count(int((keep & wrong).sum()), 'line')} {reason}")
        keep &= ~wrong
    lines = frame[keep].copy()
    lines["CustomerID"] = lines["CustomerID"].astype("int64")
    lines["StockCode"] = lines["StockCode"].astype(str)
    return lines, [f"{count(len(frame), 'line')} read", *notes]
