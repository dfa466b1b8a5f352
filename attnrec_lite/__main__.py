"""``python -m attnrec_lite train FILE --seed 0``: the sequence model on a file of your own."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the result is one JSON object on standard output, progress on the other.

    Args:
        arguments: of the command line, by default those of the process.

    Returns:
        0; 1 if the file or an argument was refused.
    """
    given = vars(_parser().parse_args(arguments))
    given.pop("command")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        from attnrec_lite.command.train import one_core, train

        one_core()
        found = train(**given)
    except (OSError, ValueError, FloatingPointError) as error:
        print(f"attnrec_lite: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m attnrec_lite", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser(
        "train", help="train SASRec on a file and rank each user's last item",
        description="Trains SASRec on lines of `user item` (positive integers, oldest first), with "
        "settings chosen from the data's shape, and prints one JSON object.",
    )  # fmt: skip
    add = train.add_argument
    add("path", metavar="FILE", help="text file: one event a line, user and item")
    add("--seed", type=int, default=0, help="of everything that is drawn (default 0)")
    add("--budget", type=float, default=120.0, help="cpu seconds of training (default 120)")
    add(
        "--epochs",
        type=int,
        help="passes over the log, whatever they take (default: what the budget allows)",
    )
    add("--save", metavar="MODEL", help="write the model to this file")
    add("--checkpoint", metavar="PATH", help="go on from here if training was interrupted")
    return parser


if __name__ == "__main__":
    sys.exit(main())
