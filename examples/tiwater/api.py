"""The HTTP API of the example: a plain ASGI application that reads what the consumer wrote.

`GET /health`, `GET /count`, `GET /readings?limit=&tienda=`. Every answer is JSON and says which instance
gave it. Any number of instances may run: they only read.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import storage_sqlite as storage

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

DATABASE = Path(os.environ.get("DATABASE", "run/tiwater.db"))
_INSTANCE = os.environ.get("PROCMAN_INSTANCE", "")
IDENTITY = {"instance": int(_INSTANCE) if _INSTANCE.isdecimal() else None, "pid": os.getpid()}
LIMIT, HIGHEST_LIMIT = 100, 1000


class BadRequest(ValueError):
    """A parameter that cannot be understood."""


async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """Serve one connection of the ASGI server."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
    elif scope["type"] == "http":
        status, content, headers = await _answer(scope)
        await _respond(send, status, content, headers)


async def _lifespan(receive: Receive, send: Send) -> None:
    """Nothing to open or close: every request opens the database itself, so it may come later."""
    for moment in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{moment}.complete"})


async def _answer(scope: MutableMapping[str, Any]) -> tuple[int, dict[str, Any], dict[str, str]]:
    route = _ROUTES.get(scope["path"])
    if route is None:
        return 404, {"error": "not found"}, {}
    if scope["method"] not in ("GET", "HEAD"):
        return 405, {"error": "method not allowed"}, {"allow": "GET, HEAD"}
    try:
        return 200, await route(parse_qs(scope["query_string"].decode("latin-1"))), {}
    except BadRequest as error:
        return 400, {"error": str(error)}, {}
    except sqlite3.Error:
        return 503, {"error": "the database cannot be read"}, {"retry-after": "1"}


async def _respond(send: Send, status: int, content: dict[str, Any], headers: dict[str, str]) -> None:
    body = json.dumps({**content, **IDENTITY}).encode()
    fields = {"content-type": "application/json", "content-length": str(len(body)), **headers}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in fields.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def _health(_query: dict[str, list[str]]) -> dict[str, Any]:
    return {"status": "ok"}


async def _count(_query: dict[str, list[str]]) -> dict[str, Any]:
    # In a thread: a database that is slow must not hold up /health.
    readings = await asyncio.to_thread(storage.count, DATABASE, "readings")
    return {
        "count": readings,
        "dead_letters": await asyncio.to_thread(storage.count, DATABASE, "dead_letters"),
    }


async def _readings(query: dict[str, list[str]]) -> dict[str, Any]:
    limit = query.get("limit", [str(LIMIT)])[-1]
    if not re.fullmatch(r"[0-9]{1,4}", limit) or not 1 <= int(limit) <= HIGHEST_LIMIT:
        raise BadRequest(f"limit is a number from 1 to {HIGHEST_LIMIT}")
    tienda = query.get("tienda", [None])[-1]
    return {"readings": await asyncio.to_thread(storage.newest, DATABASE, int(limit), tienda)}


_ROUTES: dict[str, Callable[[dict[str, list[str]]], Awaitable[dict[str, Any]]]] = {
    "/health": _health,
    "/count": _count,
    "/readings": _readings,
}
