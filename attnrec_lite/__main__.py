"""``python -m attnrec_lite``: train the sequence model on a file of your own, and serve it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; what ``train`` found is one JSON object on standard output.

    Args:
        arguments: of the command line, by default those of the process.

    Returns:
        0; 1 if the file or an argument was refused.
    """
    given = vars(_parser().parse_args(arguments))
    command = given.pop("command")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        return _serve(given) if command == "serve" else _train(given)
    except (ImportError, OSError, ValueError, FloatingPointError) as error:
        print(f"attnrec_lite: {error}", file=sys.stderr)
        return 1


def _train(given: dict[str, Any]) -> int:
    from attnrec_lite.command.train import one_core, train

    one_core()
    print(json.dumps(train(**given)))
    return 0


def _serve(given: dict[str, Any]) -> int:
    from attnrec_lite.serving import serve

    serve(**given)
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
    serve = commands.add_parser(
        "serve", help="answer over HTTP with a model that was saved",
        description="Serves a saved model: POST /recommend {\"history\": [ids], \"k\": 10}; also "
        "GET /health, /ready and /metrics. Needs FastAPI, uvicorn and prometheus-client.",
    )  # fmt: skip
    add = serve.add_argument
    add("model", metavar="MODEL", help="file that `train --save` or `save` wrote")
    add("--host", default="127.0.0.1", help="address to listen at (default 127.0.0.1)")
    add("--port", type=int, default=8000, help="port to listen at (default 8000)")
    add("--workers", type=int, default=1, help="processes; one that dies is restarted (default 1)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
