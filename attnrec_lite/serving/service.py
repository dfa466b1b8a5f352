"""A recommender behind HTTP, for trying out: one question, health, and metrics.

``POST /recommend`` takes ``{"history": [ids, oldest first], "k": 10}`` in the ids of the log, and
gives ``{"items": [{"item", "title", "score"}...], "unknown": [...]}``. Asking changes nothing, so a
client whose connection breaks may ask again. No text of a request ever names a file.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import numpy as np
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.exceptions import HTTPException

from attnrec_lite._checks import positive, whole
from attnrec_lite.data.sequences import left_pad
from attnrec_lite.models import Recommender
from attnrec_lite.serving.batching import Batcher, Overloaded
from attnrec_lite.serving.limits import App, Limits
from attnrec_lite.serving.metrics import Metrics

LONGEST = 1_000  # items of a history
MOST = 100  # items of an answer
PATHS = ("/recommend", "/health", "/ready", "/metrics")
Found = tuple[NDArray[np.int32], NDArray[np.float32]]


def create_app(
    model: Recommender, *, seconds: float = 2.0, largest: int = 64, waiting: int = 1024
) -> App:
    """The service of one model, as an ASGI application.

    Args:
        model: any recommender that was trained; those that ``Servable`` takes answer from their
            graph, the others by ``recommend``.
        seconds: in which a request is answered, or refused with 503.
        largest: requests that share a batch at most.
        waiting: requests that may wait for one.

    Returns:
        What ``uvicorn.run`` takes.

    Raises:
        ValueError: if a number is out of range.
    """
    positive("seconds", seconds)
    metrics, predict = Metrics(PATHS), answers(model, min(MOST, model.n_items))
    predict([[]])  # the first call is slow: nobody shall wait for it
    place = {raw: code for code, raw in enumerate(model.items.raw.tolist(), start=1)}

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        batcher = Batcher(predict, largest, waiting, metrics.rows.observe)
        async with batcher:
            app.state.batcher = batcher
            yield

    whole("largest", largest), whole("waiting", waiting)
    app = FastAPI(title="attnrec_lite", lifespan=life, docs_url=None, redoc_url=None)
    app.add_exception_handler(RequestValidationError, _wrong)
    app.add_exception_handler(HTTPException, _other)

    async def recommend(ask: Any) -> Response:
        codes = [place.get(raw, 0) for raw in ask.history]
        known = [code for code in codes if code]
        try:
            async with asyncio.timeout(seconds):
                ids, scores = await app.state.batcher.ask(known)
        except (Overloaded, TimeoutError) as error:
            why = str(error) or f"no answer within {seconds:g} seconds"
            return JSONResponse({"error": why}, 503, {"retry-after": "1"})
        unknown = [r for r, c in zip(ask.history, codes, strict=True) if not c]
        return JSONResponse({"items": _shown(model, ids, scores, ask.k), "unknown": unknown})

    # What may be asked depends on the model's items, so no annotation in the text can say it.
    recommend.__annotations__["ask"] = _question(model)
    app.post("/recommend")(recommend)

    @app.get("/health")
    async def health() -> dict[str, Any]:
        return {"alive": True, "process": os.getpid()}

    @app.get("/ready")
    async def ready() -> Response:
        is_open = app.state.batcher.open
        about = {"ready": is_open, "model": type(model).__name__, "items": model.n_items}
        return JSONResponse(about, 200 if is_open else 503)

    @app.get("/metrics")
    def show() -> Response:
        return Response(metrics.page(), media_type="text/plain; version=0.0.4")

    return metrics.around(Limits(app))


def answers(model: Recommender, k: int) -> Callable[[list[list[int]]], list[Found]]:
    """A function from histories to ids and scores, through the graph if there is one."""
    from attnrec_lite.serving.graph import Servable

    try:
        servable = Servable(model, k)
    except TypeError:
        return lambda rows: list(zip(*model.recommend(left_pad(rows), k), strict=True))

    def from_graph(rows: list[list[int]]) -> list[Found]:
        found = servable.recommend(left_pad(rows).astype(np.int64))
        return list(zip(found["ids"].numpy(), found["scores"].numpy(), strict=True))

    return from_graph


def _question(model: Recommender) -> type[BaseModel]:
    """What a request has to look like: ids of the kind that the log had."""
    if model.items.raw.dtype.kind == "U":
        item: Any = Annotated[str, Field(max_length=200)]
    else:
        item = Annotated[int, Field(ge=0, lt=2**63)]
    return create_model(
        "Ask",
        __config__=ConfigDict(extra="forbid", strict=True),
        history=(Annotated[list[item], Field(max_length=LONGEST)], ...),
        k=(Annotated[int, Field(ge=1, le=MOST)], 10),
    )


def _shown(
    model: Recommender, ids: NDArray[np.int32], scores: NDArray[np.float32], k: int
) -> list[dict[str, Any]]:
    """The best k with their names; fewer where fewer are left."""
    ids = ids[:k][ids[:k] > 0]
    raw, titles = model.items.raw[ids - 1].tolist(), model.items.titles[ids - 1].tolist()
    rows = zip(raw, titles, scores[: len(ids)].tolist(), strict=True)
    return [{"item": item, "title": title, "score": score} for item, title, score in rows]


async def _wrong(_: Request, error: Exception) -> Response:
    """Say what is wrong with a request, without sending back what it held."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    invalid = first["type"] == "json_invalid"  # its place is a number of bytes
    where = [] if invalid else [str(part) for part in first["loc"] if part != "body"]
    return JSONResponse({"error": f"{'.'.join(where) or 'body'}: {first['msg']}"}, 422)


async def _other(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)
