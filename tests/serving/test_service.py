"""The service over its ASGI interface: answers, refusals, health, metrics, and no file touched."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import httpx
import numpy as np
import pytest
from numpy.testing import assert_allclose

from attnrec_lite.data import Interactions
from attnrec_lite.models import Popularity
from attnrec_lite.serving import create_app

JSON = {"content-type": "application/json"}


@asynccontextmanager
async def lived(app):
    """Start and stop an application as a server does."""
    come, gone = asyncio.Queue(), asyncio.Queue()
    await come.put({"type": "lifespan.startup"})
    task = asyncio.create_task(app({"type": "lifespan", "state": {}}, come.get, gone.put))
    assert (await gone.get())["type"] == "lifespan.startup.complete"
    yield
    await come.put({"type": "lifespan.shutdown"})
    assert (await gone.get())["type"] == "lifespan.shutdown.complete"
    await task


def ask(app, *requests):
    """Responses to requests that are sent at the same time."""

    async def main():
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with lived(app), httpx.AsyncClient(transport=transport, base_url="http://s") as c:
            return await asyncio.gather(*(c.request(**request) for request in requests))

    return asyncio.run(main())


def post(content, **headers):
    content = content if isinstance(content, str | bytes) else json.dumps(content)
    return {"method": "POST", "url": "/recommend", "content": content, "headers": JSON | headers}


def get(url):
    return {"method": "GET", "url": url}


@pytest.fixture(scope="module")
def app(model):
    return create_app(model)


def test_it_answers_as_the_model_does_to_many_at_once(app, model, histories):
    raw = model.items.raw
    rows = [row[row > 0] for row in histories]
    found = ask(app, *(post({"history": raw[row - 1].tolist(), "k": 5}) for row in rows))
    for row, response in zip(histories, found, strict=True):
        assert response.status_code == 200
        answer = response.json()
        ids, scores = model.recommend([row], 5)
        assert [good["item"] for good in answer["items"]] == raw[ids[0] - 1].tolist()
        assert [good["title"] for good in answer["items"]] == model.items.titles[
            ids[0] - 1
        ].tolist()
        assert_allclose([good["score"] for good in answer["items"]], scores[0], atol=1e-5)
        assert answer["unknown"] == []


def test_unknown_items_are_named_and_passed_over(app, model):
    known = model.items.raw[:2].tolist()
    found = ask(app, post({"history": [*known, 2**40, 10**15]}), post({"history": known}))
    a, b = (response.json() for response in found)
    assert a["unknown"] == [2**40, 10**15]
    assert [good["item"] for good in a["items"]] == [good["item"] for good in b["items"]]


def test_a_log_with_words_for_items_and_a_model_without_a_graph():
    log = Interactions.from_columns([0, 0, 0, 1], ["tea", "pot", "cup", "tea"], range(4))
    app = create_app(Popularity(log.items).fit(log))
    good, bad = ask(app, post({"history": ["pot"], "k": 9}), post({"history": [1]}))
    assert [item["item"] for item in good.json()["items"]] == ["tea", "cup"]
    assert bad.status_code == 422


BAD = [
    ({"history": [1] * 10_000}, 422, "history: List should have at most 1000 items"),
    ({"history": ["12"]}, 422, "history.0: Input should be a valid integer"),
    ({"history": [1.5]}, 422, "history.0: "),
    ({"history": [True]}, 422, "history.0: "),
    ({"history": [None]}, 422, "history.0: "),
    ({"history": [[1]]}, 422, "history.0: "),
    ({"history": [-1]}, 422, "history.0: "),
    ({"history": [2**63]}, 422, "history.0: "),
    ({"history": [1, 10**400]}, 422, "history.1: "),
    ('{"history": [NaN]}', 422, "history.0: "),
    ('{"history": [Infinity], "k": -Infinity}', 422, "history.0: "),
    ({"history": "1, 2"}, 422, "history: "),
    ({"history": {}}, 422, "history: "),
    ({}, 422, "history: Field required"),
    ({"history": [1], "k": 0}, 422, "k: "),
    ({"history": [1], "k": 101}, 422, "k: "),
    ({"history": [1], "file": "/etc/passwd"}, 422, "file: Extra inputs are not permitted"),
    ([1, 2], 422, "body: "),
    ("", 422, "body: Field required"),
    ("{", 422, "body: JSON decode error"),
    (b"\xff\xfe", 422, "body: JSON decode error"),
    (b"\xff{", 400, ""),
    ("[" * 30_000, 400, ""),
    ('{"history": [' + "1" * 5000 + "]}", 400, ""),
    ("[" + " " * 2**16 + "]", 413, "body: expected at most 65,536 bytes"),
]


@pytest.mark.parametrize(("content", "status", "said"), BAD)
def test_a_bad_request_is_refused_with_a_reason_and_the_next_is_answered(
    app, content, status, said
):
    found, after = ask(app, post(content), post({"history": []}))
    assert found.status_code == status, found.text
    assert found.json()["error"].startswith(said)
    assert len(found.content) < 300  # what came is not sent back
    assert after.status_code == 200


def test_another_content_type_path_or_method_is_refused(app):
    found = ask(
        app,
        post({"history": []}, **{"content-type": "text/plain"}),
        post({"history": []}, **{"content-type": "application/json; charset=utf-8"}),
        get("/recommend"),
        get("/../../etc/passwd"),
        get("/docs"),
    )
    assert [response.status_code for response in found] == [415, 200, 405, 404, 404]


def test_health_readiness_and_metrics(model):
    app = create_app(model)
    health, ready = ask(app, get("/health"), get("/ready"))
    assert health.json()["alive"]
    assert ready.json() == {"ready": True, "model": "SASRec", "items": model.n_items}
    ask(app, *[post({"history": [1]})] * 3, post("{"), get("/nothing"), get("/else"))
    page = ask(app, get("/metrics"))[0].text
    assert 'attnrec_requests_total{path="/recommend",status="200"} 3.0' in page
    assert 'attnrec_requests_total{path="/recommend",status="422"} 1.0' in page
    assert 'attnrec_requests_total{path="other",status="404"} 2.0' in page
    assert "attnrec_batch_rows_sum 3.0" in page
    assert 'attnrec_seconds_count{path="/recommend"} 4.0' in page


def test_no_request_opens_a_file(model):
    app, opened, watching = create_app(model), [], [False]

    def watch(event, arguments):
        if watching[0] and event in ("open", "os.listdir", "os.scandir"):
            opened.append(arguments)

    sys.addaudithook(watch)  # cannot be taken away: switched off below
    requests = [post({"history": ["../../etc/passwd"]}), post({"history": [1]}), get("/etc/passwd")]
    ask(app, *requests)  # what is imported late is imported now
    watching[0] = True
    ask(app, *requests)
    watching[0] = False
    assert opened == []


class Slow(Popularity):
    """Takes its time."""

    def recommend(self, history, k, exclude_seen=True):
        import time

        time.sleep(0.2 if np.any(history) else 0)
        return super().recommend(history, k, exclude_seen)


def test_what_takes_too_long_or_is_too_much_may_come_again(log):
    app = create_app(Slow(log.items).fit(log), seconds=0.05, waiting=2)
    raw = int(log.items.raw[0])
    found = ask(app, *[post({"history": [raw]})] * 6, get("/health"))
    assert found.pop().status_code == 200
    assert {response.status_code for response in found} == {503}
    assert all(response.headers["retry-after"] == "1" for response in found)
    said = {response.json()["error"] for response in found}
    assert said == {"2 requests are waiting already", "no answer within 0.05 seconds"}


def test_a_model_that_fails_is_a_plain_500_that_tells_nothing(log, monkeypatch):
    model = Popularity(log.items).fit(log)
    app = create_app(model)

    def fail(*_):
        raise RuntimeError("secret")

    monkeypatch.setattr(model, "recommend", fail)
    found = ask(app, post({"history": []}))[0]
    assert found.status_code == 500
    assert "secret" not in found.text


@pytest.mark.parametrize("name", ["seconds", "largest", "waiting"])
def test_numbers_are_checked(model, name):
    with pytest.raises(ValueError, match=f"^{name}: "):
        create_app(model, **{name: 0})
