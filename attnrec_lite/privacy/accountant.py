"""What a training costs: the noisy steps of DP-SGD added up to one promise.

Every step is a draw of persons, each with chance ``rate`` alone (Poisson), and a sum with Gaussian
noise. Rényi divergences of steps add; at the end the best order gives epsilon. Batches of a
shuffled log are not such draws: for them these figures promise nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from attnrec_lite._checks import Floats, inside, positive, whole
from attnrec_lite.formulas.accountant import epsilon_of, renyi_divergence, sampling_rate

SMALL = tuple(np.round(np.arange(1.1, 11, 0.1), 1).tolist())  # what large epsilons are found at
ORDERS = SMALL + tuple(float(a) for a in [*range(11, 64), 128, 256, 512, 1024])


@dataclass(frozen=True)
class Promise:
    r"""What a training promises to everybody whose data it used, or could have used.

    Attributes:
        epsilon: above 0; the chance of anything that the result leads to changes by at most a
            factor of $e^\varepsilon$ if the data of one ``unit`` are added or taken away.
        delta: but for this chance.
        unit: whose data these are, in words: one user, or one event.
        order: of the Rényi divergence that gave epsilon.

    >>> print(Promise(2.0, 1e-4, "one user with all rows", 9.0))
    epsilon 2.00 at delta 0.0001 for one user with all rows
    """

    epsilon: float
    delta: float
    unit: str
    order: float

    def __str__(self) -> str:
        return f"epsilon {self.epsilon:.2f} at delta {self.delta:g} for {self.unit}"


class Accountant:
    """Adds up what noisy steps cost, whatever their rates and noises.

    Args:
        orders: of the divergence, above 1; the least epsilon over them is taken.

    Raises:
        ValueError: if an order is not above 1.

    Source: Mironov, Talwar and Zhang (2019). ``dp_accounting`` is the authority; the tests hold
    this one to it.

    >>> book = Accountant()
    >>> book.spend(rate=0.05, noise=1.0, steps=400)
    >>> round(book.epsilon(delta=1.5e-4), 2), round(book.epsilon(1.5e-4, "classic"), 2)
    (6.29, 7.16)
    """

    def __init__(self, orders: tuple[float, ...] = ORDERS) -> None:
        if not orders or not all(np.isfinite(a) and a > 1 for a in orders):
            raise ValueError(f"orders: expected finite numbers above 1; received {orders!r:.60}")
        self.orders = tuple(float(a) for a in orders)
        self.divergence: Floats = np.zeros(len(orders))
        self.steps = 0

    def spend(self, rate: float, noise: float, steps: int = 1) -> None:
        """Write some steps into the book.

        Args:
            rate: chance that a person takes part in a step, above 0 and up to 1.
            noise: standard deviation over the clipping limit; 0, no noise, makes epsilon infinite.
            steps: how many.

        Raises:
            ValueError: if a number is out of range.
        """
        count, q = whole("steps", steps), sampling_rate(rate)
        self.steps += count
        if noise == 0:
            self.divergence += np.inf
            return
        sigma = positive("noise", noise)
        self.divergence += count * np.array([_divergence(q, sigma, a) for a in self.orders])

    def epsilon(self, delta: float, rule: str = "improved") -> float:
        """What all steps so far cost together.

        Args:
            delta: between 0 and 1; below one over the number of persons, or a mechanism may
                publish somebody whole.
            rule: ``"improved"`` or ``"classic"``, as ``formulas.epsilon_of``.

        Returns:
            Epsilon, 0 before the first step, infinite after one without noise.

        Raises:
            ValueError: if a number is out of range.
        """
        return self.promise(delta, "", rule).epsilon

    def promise(
        self, delta: float, unit: str = "one user with all rows", rule: str = "improved"
    ) -> Promise:
        """The same with the order that gave it; arguments as for ``epsilon``."""
        inside("delta", delta)
        if self.steps == 0:
            return Promise(0.0, delta, unit, self.orders[0])
        found = [
            epsilon_of(rho, a, delta, rule) if np.isfinite(rho) else np.inf
            for rho, a in zip(self.divergence, self.orders, strict=True)
        ]
        best = int(np.argmin(found))
        return Promise(found[best], delta, unit, self.orders[best])


def epsilon_for(noise: float, rate: float, steps: int, delta: float) -> float:
    """Epsilon of ``steps`` equal steps; see ``Accountant``.

    >>> round(epsilon_for(noise=1.0, rate=0.05, steps=400, delta=1.5e-4), 2)
    6.29
    """
    book = Accountant()
    book.spend(rate, noise, steps)
    return book.epsilon(delta)


def noise_for(epsilon: float, rate: float, steps: int, delta: float) -> float:
    """The least noise that keeps a promise.

    Args:
        epsilon: above 0; what is asked for.
        rate: chance that a person takes part in a step.
        steps: how many there will be.
        delta: between 0 and 1.

    Returns:
        Standard deviation over the clipping limit, to a relative 1e-4, never too little.

    Raises:
        ValueError: if a number is out of range, or the promise so strict or so loose that the
            noise lies outside of 0.2 to 10,000.

    >>> round(noise_for(2.0, rate=0.05, steps=400, delta=1.5e-4), 2)
    2.05
    """
    wanted = positive("epsilon", epsilon)

    def over(log_noise: float) -> float:
        return epsilon_for(float(np.exp(log_noise)), rate, steps, delta) - wanted

    low, high = np.log(0.2), np.log(1e4)
    if over(low) < 0 or over(high) > 0:
        raise ValueError(
            f"epsilon: expected one that a noise of 0.2 to 10,000 gives; received {epsilon}"
        )
    return float(np.exp(optimize.brentq(over, low, high, xtol=2e-5) + 4e-5))


def _divergence(rate: float, noise: float, order: float) -> float:
    """The divergence of one step at any order: a sum for whole ones, else an integral.

    The integral is E of (1 - q + q e^((2x - 1) / (2 s^2)))^a over a normal x of deviation s. All of
    it lies between 0 and a, and 14 deviations around; the trapezoid rule is exact to rounding
    there, for the integrand is smooth and fades at both ends.
    """
    if rate == 1.0:
        return order / (2 * noise**2)
    if order == round(order):
        return renyi_divergence(rate, noise, round(order))
    x = np.linspace(-14 * noise, order + 14 * noise, 1001)
    tilt = (2 * x - 1) / (2 * noise**2)
    ratio = np.logaddexp(np.log1p(-rate), np.log(rate) + tilt)
    density = -0.5 * (x / noise) ** 2 - np.log(noise * np.sqrt(2 * np.pi))
    total = special.logsumexp(order * ratio + density) + np.log(x[1] - x[0])
    return max(0.0, float(total / (order - 1)))
