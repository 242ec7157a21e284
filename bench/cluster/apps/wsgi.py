"""A plain WSGI application for gunicorn: what the load client asks for."""

from __future__ import annotations

import os
import time

SLOW, PIECES, PIECE = 0.3, 10, 0.02


def app(environ, start_response):
    """Answer one request."""
    path = environ["PATH_INFO"]
    headers = [("Content-Type", "text/plain"), ("X-Pid", str(os.getpid()))]
    if path == "/stream":
        start_response("200 OK", headers)
        return _pieces()
    body = b"hello\n"
    if path == "/slow":
        time.sleep(SLOW)
    elif path == "/upload":
        body = str(_size(environ)).encode()
    start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
    return [body]


def _size(environ):
    size = 0
    while data := environ["wsgi.input"].read(65536):
        size += len(data)
    return size


def _pieces():
    for piece in range(1, PIECES):
        yield b"piece %d\n" % piece
        time.sleep(PIECE)
    yield b"end\n"
