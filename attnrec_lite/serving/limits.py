"""What a stranger may ask of the service: kind and size of a body, and time to send it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from attnrec_lite._checks import positive, whole

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class Refused(Exception):
    """A request that goes no further, with its HTTP status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Limits:
    """An ASGI application around another that reads every body first, within limits.

    Args:
        app: the application.
        largest: bytes of a body; a longer one is refused as soon as that is known.
        seconds: in which the body has to be there; who sends a byte a minute is sent away.

    Raises:
        ValueError: if a number is out of range.
    """

    def __init__(self, app: App, largest: int = 2**16, seconds: float = 5.0) -> None:
        self.app = app
        self.largest, self.seconds = whole("largest", largest), positive("seconds", seconds)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand on what may pass; answer what may not."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
        except Refused as refused:
            await _say(send, refused.status, str(refused))
            return
        if body is None:  # the connection was cut: nobody to answer
            return
        parts: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def again() -> Message:
            return parts.pop() if parts else await receive()

        await self.app(scope, again, send)

    async def _body(self, scope: Message, receive: Receive) -> bytes | None:
        """The body, or None if the connection was cut."""
        head = {name.lower(): value for name, value in scope["headers"]}
        kind = head.get(b"content-type", b"").split(b";")[0].strip().lower()
        if scope["method"] == "POST" and kind != b"application/json":
            raise Refused(415, "content-type: expected application/json; received another")
        length = head.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.largest:
            raise Refused(413, f"body: expected at most {self.largest:,} bytes")
        try:
            async with asyncio.timeout(self.seconds):
                return await self._read(receive)
        except TimeoutError:
            raise Refused(408, f"body: expected it within {self.seconds:g} seconds") from None

    async def _read(self, receive: Receive) -> bytes | None:
        body: bytes = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            body += message.get("body", b"")
            if len(body) > self.largest:
                raise Refused(413, f"body: expected at most {self.largest:,} bytes")
            if not message.get("more_body", False):
                return body


async def _say(send: Send, status: int, why: str) -> None:
    """A refusal; the connection is closed, since the rest of the body is not read."""
    content = json.dumps({"error": why}).encode()
    head = [(b"content-type", b"application/json"), (b"connection", b"close"),
            (b"content-length", str(len(content)).encode())]  # fmt: skip
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": content})
