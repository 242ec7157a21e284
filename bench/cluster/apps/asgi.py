"""A plain ASGI application for uvicorn and hypercorn: what the load client asks for."""

from __future__ import annotations

import asyncio
import os

PID = str(os.getpid()).encode()
HEADERS = [(b"content-type", b"text/plain"), (b"x-pid", PID)]
SLOW, PIECES, PIECE = 0.3, 10, 0.02


async def app(scope, receive, send):
    """Answer one scope."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "websocket":
        await _echo(receive, send)
    elif scope["path"] == "/stream":
        await _stream(send)
    else:
        body = await _body(scope["path"], receive)
        headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _body(path, receive):
    if path == "/slow":
        await asyncio.sleep(SLOW)
        return b"slow\n"
    if path != "/upload":
        return b"hello\n"
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    return str(size).encode()


async def _stream(send):
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    for piece in range(1, PIECES):
        await send({"type": "http.response.body", "body": b"piece %d\n" % piece, "more_body": True})
        await asyncio.sleep(PIECE)
    await send({"type": "http.response.body", "body": b"end\n"})


async def _echo(receive, send):
    await receive()
    await send({"type": "websocket.accept", "headers": [(b"x-pid", PID)]})
    while (message := await receive())["type"] == "websocket.receive":
        answer = {key: message.get(key) for key in ("text", "bytes") if message.get(key) is not None}
        await send({"type": "websocket.send", **answer})


async def _lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
