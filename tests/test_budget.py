"""The switch from the short run to the full one: what turns it, and that nothing else does."""

import pytest

from attnrec_lite.budget import pick


@pytest.mark.parametrize("said", [None, "", "0", " 0 "])
def test_the_run_is_short_unless_asked(monkeypatch, said):
    monkeypatch.delenv("ATTNREC_FULL", raising=False)
    if said is not None:
        monkeypatch.setenv("ATTNREC_FULL", said)
    assert pick(3, full=10) == 3


@pytest.mark.parametrize("said", ["1", "true", "True", "yes", "YES", " 1 "])
def test_the_run_is_full_where_it_is_asked_for(monkeypatch, said):
    monkeypatch.setenv("ATTNREC_FULL", said)
    assert pick(3, full=10) == 10


@pytest.mark.parametrize("said", ["2", "on", "full", "no", "11", "0.0", "y" * 500])
def test_anything_else_is_refused_by_name(monkeypatch, said):
    monkeypatch.setenv("ATTNREC_FULL", said)
    expected = "^ATTNREC_FULL: expected 1, true or yes .*, 0 or nothing .*; received '"
    with pytest.raises(ValueError, match=expected + said[:20]) as refused:
        pick(3, full=10)
    assert len(str(refused.value)) < 200


def test_the_switch_is_read_at_each_call_and_the_values_come_back_as_they_are(monkeypatch):
    short, full = {"batch": 8}, {"batch": 32}
    monkeypatch.delenv("ATTNREC_FULL", raising=False)
    assert pick(short, full) is short
    monkeypatch.setenv("ATTNREC_FULL", "1")  # as the first cell of a notebook does
    assert pick(short, full) is full
