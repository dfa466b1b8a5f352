"""What ``python -m attnrec_lite`` does: read a plain file, train on it, rank, print."""

from attnrec_lite.command.plan import Plan, make_plan
from attnrec_lite.command.protocol import three_rankings
from attnrec_lite.command.reading import read_events

__all__ = ["Plan", "make_plan", "read_events", "three_rankings"]
