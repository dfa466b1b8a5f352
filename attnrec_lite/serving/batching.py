"""Many requests, one matrix product: what came while the last batch was computed is the next one.

Nobody waits for a batch to fill up. A lone request is answered at once; under load batches grow by
themselves, because more requests come while one is computed, and a batch of thirty costs hardly
more than one of three.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from attnrec_lite._checks import whole

Row = TypeVar("Row")
Answer = TypeVar("Answer")


class Overloaded(RuntimeError):
    """Too many requests are waiting, or the service is stopping: try again in a moment."""


class Batcher(Generic[Row, Answer]):
    """Puts rows that wait into one call; ``async with`` starts it and ends it when all is answered.

    Args:
        predict: takes a list of rows, gives as many answers; it is called in a thread of its own,
            once at a time.
        largest: rows of a batch at most.
        waiting: rows that may wait; one more is refused at once, which costs less than an answer
            that comes too late.
        watch: told the size of every batch.

    Raises:
        ValueError: if a number is no whole number from 1.

    >>> async def three() -> list[int]:
    ...     async with Batcher(lambda rows: [row + len(rows) for row in rows]) as batcher:
    ...         return await asyncio.gather(*map(batcher.ask, (10, 20, 30)))
    >>> asyncio.run(three())
    [13, 23, 33]
    """

    def __init__(
        self,
        predict: Callable[[list[Row]], Sequence[Answer]],
        largest: int = 64,
        waiting: int = 1024,
        watch: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self._predict, self._largest, self._watch = predict, whole("largest", largest), watch
        self._queue: asyncio.Queue[tuple[Row, asyncio.Future[Answer]]] = asyncio.Queue(
            whole("waiting", waiting)
        )
        self.open = False

    async def __aenter__(self) -> Batcher[Row, Answer]:
        """Start."""
        self._thread = ThreadPoolExecutor(1, "batch")
        self._task = asyncio.create_task(self._work())
        self.open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take nothing more, answer what waits, end."""
        self.open = False
        await self._queue.join()
        self._task.cancel()
        self._thread.shutdown()

    async def ask(self, row: Row) -> Answer:
        """The answer for one row.

        Args:
            row: what ``predict`` takes a list of.

        Raises:
            Overloaded: if too many wait, or it is stopping.
            Exception: what ``predict`` raised for this row.
        """
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self.open:
            raise Overloaded("the service is stopping")
        try:
            self._queue.put_nowait((row, future))
        except asyncio.QueueFull:
            raise Overloaded(f"{self._queue.maxsize:,} requests are waiting already") from None
        return await future

    async def _work(self) -> None:
        while True:
            batch = [await self._queue.get()]
            while len(batch) < self._largest and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            try:
                # Whoever gave up while waiting costs nothing.
                await self._answer([pair for pair in batch if not pair[1].done()])
            finally:
                for _ in batch:
                    self._queue.task_done()

    async def _answer(self, batch: list[tuple[Row, asyncio.Future[Answer]]]) -> None:
        """Give each its answer, or its error."""
        if not batch:
            return
        self._watch(len(batch))
        rows, loop = [row for row, _ in batch], asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(self._thread, self._predict, rows)
        except Exception as error:
            if len(batch) > 1:  # one row that fails must not fail its neighbours
                for pair in batch:
                    await self._answer([pair])
            elif not batch[0][1].done():
                batch[0][1].set_exception(error)
            return
        for (_, future), answer in zip(batch, found, strict=True):
            if not future.done():
                future.set_result(answer)
