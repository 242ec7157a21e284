"""A command puts itself into the background.

## What it checks
Options that make a server a daemon: `gunicorn --daemon`, `mosquitto -d`, `redis-server --daemonize yes`, `nginx`
without `daemon off`, `celery multi` and `--detach`, `uwsgi --daemonize`, and `&` at the end in a shell.

## Why it matters
What procman started ends at once, so it is started again and again, while the daemon runs on: unseen, unlimited,
without the lock, and a second one beside it.

## Example
```yaml
services:
  api: {kind: scalable, command: gunicorn --daemon api:app, memory: 400M}
```

## Instead
The same program in the foreground: leave the option out.
"""

from __future__ import annotations

from collections.abc import Iterator

from procman.core.argv import Call, option, script
from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.rules.base import Context, Problem

CODE = "PM309"
NAME = "command-daemonizes"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "What procman started ends at once and is started again, while the daemon runs on unseen."

FLAGS = {
    "gunicorn": ("-D", "--daemon"),
    "mosquitto": ("-d", "--daemon"),
    "celery": ("-D", "--detach", "multi"),
    "uwsgi": ("-d", "--daemonize"),
    "haproxy": ("-D",),
    "memcached": ("-d", "--daemon"),
    "puma": ("-d", "--daemon"),
    "unicorn": ("-D", "--daemonize"),
}


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command that does not stay in the foreground."""
    for service in written(context.manifest):
        at = context.manifest.places.value("services", service.name, "command")
        text = (script(service.command) or "").rstrip()
        said = [words for call in context.programs(service) if (words := _background(call))]
        if text.endswith("&") and not text.endswith("&&"):
            said.append("`&` at the end")
        if said:
            help_text = "run it in the foreground, without that"
            yield Problem(at, f"'{service.name}' goes into the background: {said[0]}", help_text)


def _background(call: Call) -> str | None:
    """Return what sends a program into the background, or None."""
    for flag in FLAGS.get(call.name, ()):
        if any(word == flag or word.startswith(f"{flag}=") for word in call.args):
            return f"{call.name} {flag}"
    if call.name == "redis-server" and option(call.args, "--daemonize") == "yes":
        return "redis-server --daemonize yes"
    if call.name == "nginx" and "daemon off" not in " ".join(call.args):
        return "nginx, without -g 'daemon off;'"
    return None
