"""Rows that wait share a call; errors and full queues stay with whom they concern."""

import asyncio
import threading

import pytest

from attnrec_lite.serving import Batcher, Overloaded


class Gate:
    """Answers ten times the row; holds every call until it is opened."""

    def __init__(self):
        self.open, self.calls = threading.Event(), []

    def __call__(self, rows):
        self.calls.append(list(rows))
        assert self.open.wait(10)
        if -1 in rows:
            raise ValueError(f"row -1 of {len(rows)}")
        return [10 * row for row in rows]


async def until(true):
    for _ in range(1000):
        if true():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it did not happen")


def finish(main):
    """What it returns; a row that nobody answers is an error, and not a test without end."""

    async def limited():
        async with asyncio.timeout(10):
            return await main()

    return asyncio.run(limited())


def run(scenario, **options):
    gate = Gate()

    async def main():
        async with Batcher(gate, **options) as batcher:
            found = await scenario(gate, batcher)
            gate.open.set()
        return found

    return finish(main), gate.calls


async def first_alone(gate, batcher, rows):
    """Ask for one row, and for the others while it is computed."""
    first = asyncio.create_task(batcher.ask(0))
    await until(lambda: gate.calls)
    others = [asyncio.create_task(batcher.ask(row)) for row in rows]
    await asyncio.sleep(0)
    return first, others


def test_a_lone_row_does_not_wait_and_those_behind_it_share_a_call():
    sizes = []

    async def scenario(gate, batcher):
        first, others = await first_alone(gate, batcher, range(1, 6))
        gate.open.set()
        return await asyncio.gather(first, *others)

    found, calls = run(scenario, largest=4, watch=sizes.append)
    assert found == [0, 10, 20, 30, 40, 50]
    assert calls == [[0], [1, 2, 3, 4], [5]]
    assert sizes == [1, 4, 1]


def test_one_row_too_many_is_refused_at_once():
    async def scenario(gate, batcher):
        first, others = await first_alone(gate, batcher, [1, 2])
        with pytest.raises(Overloaded, match="^2 requests are waiting already$"):
            await batcher.ask(3)
        gate.open.set()
        return await asyncio.gather(first, *others)

    assert run(scenario, waiting=2)[0] == [0, 10, 20]


def test_whoever_gave_up_is_not_computed():
    async def scenario(gate, batcher):
        first, others = await first_alone(gate, batcher, [1, 2, 3])
        others[1].cancel()
        first.cancel()  # while it is computed
        gate.open.set()
        return await asyncio.gather(others[0], others[2])

    found, calls = run(scenario)
    assert found == [10, 30]
    assert calls == [[0], [1, 3]]


def test_a_row_that_fails_does_not_fail_its_neighbours():
    async def scenario(gate, batcher):
        first, others = await first_alone(gate, batcher, [1, -1, 2])
        gate.open.set()
        found = await asyncio.gather(first, *others, return_exceptions=True)
        return [*found, await batcher.ask(7)]

    found, _ = run(scenario)
    assert str(found.pop(2)) == "row -1 of 1"
    assert found == [0, 10, 20, 70]


def test_what_waits_is_answered_before_it_ends():
    gate = Gate()

    async def main():
        batcher = Batcher(gate)
        async with batcher:
            first, others = await first_alone(gate, batcher, [1, 2])
            gate.open.set()
        assert not batcher.open
        with pytest.raises(Overloaded, match="^the service is stopping$"):
            await batcher.ask(3)
        return await asyncio.gather(first, *others)

    assert finish(main) == [0, 10, 20]


@pytest.mark.parametrize("name", ["largest", "waiting"])
def test_numbers_are_checked(name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        Batcher(list, **{name: 0})
