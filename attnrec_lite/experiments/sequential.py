"""Looking at a running test: what it costs, and a test that may be looked at.

A test at level 0.95 calls a difference where there is none once in twenty times *if it is read
once*. Read after every day and stopped at the first difference, it does so far more often. The
mixture test (mSPRT) pays for the looks in advance, by power.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from attnrec_lite._checks import Floats, finite, inside, positive, whole
from attnrec_lite.formulas import always_valid_p, mixture_ratio


@dataclass(frozen=True, eq=False)
class Looks:
    """Many tests, each stopped at the first look that calls a difference.

    Attributes:
        found: whether it ever did, bool, shape ``(tests,)``.
        stop: users seen until then, or all, int64, shape ``(tests,)``.
    """

    found: NDArray[np.bool_]
    stop: NDArray[np.int64]

    @property
    def share(self) -> float:
        """Share of the tests that called a difference."""
        return float(self.found.mean())


def simulate_looks(
    looks: int,
    *,
    n: int = 2_000,
    tests: int = 20_000,
    effect: float = 0.0,
    tau: float | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Looks:
    """Run many tests on numbers of variance 1, and look at each several times.

    Args:
        looks: how often, at equal distances; the last look is at the end.
        n: users of a test, a multiple of ``looks``.
        tests: how many tests.
        effect: mean of the numbers: 0 for tests of nothing (A/A).
        tau: None for the plain z test at each look; else of the mixture test, equation (9.9).
        level: 1 - the chance of a false alarm that is promised.
        seed: of the random generator. The same seed gives the same users for other ``looks`` as
            long as these divide 100.

    Returns:
        Who called a difference, and when.

    Raises:
        ValueError: if ``looks`` does not divide ``n``, or a number is out of range.

    >>> simulate_looks(1, tests=2_000).share < 0.07 < 0.3 < simulate_looks(100, tests=2_000).share
    True
    """
    whole("tests", tests)
    if whole("n", n) % whole("looks", looks):
        raise ValueError(f"looks: expected a divisor of n, {n}; received {looks}")
    fine = 100 if 100 % looks == 0 and n % 100 == 0 else looks
    step = n // fine
    blocks = np.random.default_rng(seed).normal(effect * step, step**0.5, (tests, fine))
    kept = np.arange(fine // looks - 1, fine, fine // looks)
    sums, size = blocks.cumsum(axis=1)[:, kept], (kept + 1) * step
    alpha = 1 - inside("level", level)
    if tau is None:
        calls = np.abs(sums) / np.sqrt(size) > stats.norm.ppf(1 - alpha / 2)
    else:
        calls = always_valid_p(mixture_ratio(sums, size, tau)) <= alpha
    found = calls.any(axis=1)
    return Looks(found, np.where(found, size[calls.argmax(axis=1)], n))


@dataclass(frozen=True, eq=False)
class Monitoring:
    """One test, look after look; every array has shape ``(looks,)``.

    Attributes:
        n: units of each arm that had come by then, int64.
        difference: B − A.
        p_fixed: p value of the plain z test: honest at one look that was fixed before.
        p: p value that is honest at every look, equation (9.10).
    """

    n: NDArray[np.int64]
    difference: Floats
    p_fixed: Floats
    p: Floats


def monitor(a: ArrayLike, b: ArrayLike, looks: int = 20, *, tau: float) -> Monitoring:
    """Look at two arms while they fill.

    Args:
        a: one number per unit of arm A, in the order of arrival.
        b: the same for arm B. What the longer arm has more is left out.
        looks: how often, at equal distances.
        tau: spread of the differences that are expected, in the metric's own unit, above 0; chosen
            before the test, from earlier tests.

    Returns:
        Differences and both kinds of p value. The variance is estimated from what has come, so
        the promise of ``p`` holds in large samples; a look needs about a hundred units.

    Raises:
        ValueError: if there are fewer than two units per look, or a number is out of range.

    Source: Johari et al. (Operations Research 2022), for two streams.

    >>> rng = np.random.default_rng(0)
    >>> seen = monitor(rng.normal(0, 1, 2000), rng.normal(0.2, 1, 2000), tau=0.1)
    >>> bool(seen.p[-1] < 0.05), seen.n[:2]
    (True, array([100, 200]))
    """
    first, second = finite("a", a, 1), finite("b", b, 1)
    most, scale = min(len(first), len(second)), positive("tau", tau)
    if most < 2 * whole("looks", looks):
        raise ValueError(f"looks: expected two units or more per look; received {looks} of {most}")
    size = most * np.arange(1, looks + 1) // looks
    sums, variance, middle = np.zeros(looks), np.zeros(looks), first.mean()
    for arm, sign in ((first, -1), (second, 1)):
        arm = arm[:most] - middle  # changes no difference, and saves the digits of the variance
        total, square = arm.cumsum()[size - 1], (arm**2).cumsum()[size - 1]
        sums += sign * total
        variance += (square - total**2 / size) / (size - 1)
    spread = np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    scaled = sums / spread
    looked = zip(scaled, size, spread, strict=True)
    ratios = [float(mixture_ratio(s, m, scale / v)) for s, m, v in looked]
    p_fixed = 2 * stats.norm.sf(np.abs(scaled) / np.sqrt(size))
    return Monitoring(size, sums / size, p_fixed, always_valid_p(ratios))
