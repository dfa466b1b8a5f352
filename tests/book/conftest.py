"""What the tests of the book share: the site behind an address, and a headless Chromium."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a file; its absence fails in CI and skips elsewhere."""
    if CHROMIUM is None:
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail("no Chromium: CI must install one (apt-get install chromium)")
        pytest.skip("no Chromium on this machine: install `chromium` to run the browser tests")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


class Quiet(SimpleHTTPRequestHandler):
    """A static server that keeps its log to itself."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def address(site, tmp_path_factory) -> Iterator[str]:
    """The site under a sub-path, as a project page would have it."""
    folder = tmp_path_factory.mktemp("host")
    (folder / "some").mkdir()
    (folder / "some" / "book").symlink_to(site)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/some/book"
    server.shutdown()


class Visit:
    """One page in one window, with what went wrong while it loaded."""

    def __init__(self, page: Page, allowed: str) -> None:
        self.page, self.problems, self.bytes = page, [], {}
        page.on("console", lambda m: m.type in {"error", "warning"} and self.say(m.text))
        page.on("pageerror", lambda error: self.say(str(error)))
        page.on("response", lambda r: r.status >= 400 and self.say(f"{r.status} {r.url}"))
        page.on("requestfinished", self.weigh)

        def guard(route):
            inside = route.request.url.startswith((allowed, "data:", "blob:"))
            if not inside:
                self.say(f"asked for {route.request.url}")
            route.continue_() if inside else route.abort()

        page.route("**/*", guard)

    def say(self, problem: str) -> None:
        self.problems.append(problem)

    def weigh(self, request) -> None:
        if request.url.startswith("http"):
            self.bytes[request.url] = request.response().body()

    def open(self, url: str) -> Page:
        self.page.goto(url, wait_until="load")
        self.page.evaluate("window.MathJax?.startup ? MathJax.startup.promise : 0")
        self.page.wait_for_timeout(150)
        return self.page


@pytest.fixture
def visit(browser, request):
    """Open windows; each refuses every address outside of the one that it is given."""
    contexts = []

    def new(allowed: str, width: int = 1440, theme: str = "light") -> Visit:
        size = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=size, color_scheme=theme))
        return Visit(contexts[-1].new_page(), allowed)

    yield new
    for context in contexts:
        context.close()
