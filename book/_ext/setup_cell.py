"""The first cell of a notebook that travels: it installs the very package that the site ships."""

from __future__ import annotations

EXTRAS = "data,privacy,search"  # what chapters import beside the package's own needs

CELL = """\
# Set-up: installs the package that this notebook was made with, once, and says where it runs.
import os, subprocess, sys
from importlib import metadata
from pathlib import Path
from shutil import which

FULL = False  # True: the full run, where a chapter has one, in place of the short one
WHEEL = "{wheel}"
SHA256 = "{sha256}"
SITE = "{site}"  # where the wheel lies; if empty, it has to lie beside this notebook

os.environ["ATTNREC_FULL"] = "1" if FULL else "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # before TensorFlow is there to be loud
try:
    kept = metadata.distribution("attnrec_lite").read_text("direct_url.json") or ""
except metadata.PackageNotFoundError:
    kept = ""
if SHA256 not in kept:  # pip keeps the hash of what it installed
    beside = Path(WHEEL).resolve()
    if not (beside.exists() or SITE):
        raise FileNotFoundError(f"put {{WHEEL}} beside this notebook; both lie on the book's site")
    place = beside.as_uri() if beside.exists() else SITE + WHEEL
    # pip compares the hash before it installs, and refuses any other file
    wanted = f"attnrec_lite[{extras}] @ {{place}}#sha256={{SHA256}}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--force-reinstall", "--no-deps", wanted], capture_output=True)
    done = done if done.returncode else subprocess.run([*pip, wanted], capture_output=True)
    if done.returncode:
        raise RuntimeError(done.stderr.decode()[-2000:])

device = "CPU"
if which("nvidia-smi"):  # asked in another process: TensorFlow's first words are many
    ask = "import tensorflow as tf; print(len(tf.config.list_physical_devices('GPU')))"
    seen = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True)
    device = "GPU" if seen.stdout.strip() not in ("", "0") else "CPU (TensorFlow sees no GPU)"
print("attnrec_lite", metadata.version("attnrec_lite"), "on", device)"""


def setup_code(wheel: str, sha256: str, site: str) -> str:
    """Return the code of the first cell.

    Args:
        wheel: file name of the wheel.
        sha256: its hash, in hexadecimal.
        site: address of the folder where notebooks and wheel lie, with a slash at the end; ''
            where none is configured.

    >>> [line for line in setup_code("a.whl", "00", "").splitlines() if "a.whl" in line]
    ['WHEEL = "a.whl"']
    """
    return CELL.format(wheel=wheel, sha256=sha256, site=site, extras=EXTRAS)
