"""The parts can be named, cost nothing to import, and need no TensorFlow."""

import subprocess
import sys

import pytest

from attnrec_lite import privacy


def test_every_name_is_there():
    for name in privacy.__all__:
        assert getattr(privacy, name).__doc__
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = privacy.nothing


def test_no_part_loads_tensorflow_or_the_library():
    code = (
        "import sys; from attnrec_lite import privacy; "
        "[getattr(privacy, n) for n in privacy.__all__]; "
        "print(any(m in sys.modules for m in ('tensorflow', 'keras', 'dp_accounting')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
