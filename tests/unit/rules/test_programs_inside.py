"""Rules that look for a program find it inside a runner, as a file of node_modules, and in a script of package.json."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from procman.rules import (
    command_daemonizes,
    debugger_open,
    pm2_relic,
    port_differs,
    singleton_clustered,
    stop_before_drain,
)
from procman.rules.base import Rule
from tests.support.judging import HERE, judged

TEXT = "services: {{api: {{kind: {kind}, command: {command}, memory: 900M, {more}}}}}"
BIN = "node node_modules/.bin/"
WAYS = ["", "npx ", "npm exec -- ", "pnpm dlx ", "yarn ", "bunx ", BIN, "uv run --frozen ", "cross-env A=1 ", "sh -c "]


def told(rule: Rule, command: str, kind: str = "scalable", script: str | None = None) -> int:
    """Return how often `rule` speaks of `command`."""
    listen = "listen: 127.0.0.1:3000" if kind == "scalable" else ""
    text = TEXT.format(kind=kind, command=json.dumps(command), more=listen)
    facts = {"api": replace(HERE, script=script)} if script else None
    return len(judged(rule, text, facts=facts))


def started(way: str, command: str) -> str:
    """Return `command` as it is started in this way."""
    return f'sh -c "exec {command}"' if way == "sh -c " else way + command


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("rule", "kind", "bad", "good"),
    [
        (pm2_relic, "scalable", "pm2-runtime start x.js", "serve pm2-runtime"),
        (singleton_clustered, "singleton", "pm2-runtime -i max x.js", "pm2-runtime -i 1 x.js"),
        (singleton_clustered, "singleton", "throng x.js", "serve throng"),
        (singleton_clustered, "singleton", "uvicorn --workers 4 x:y", "uvicorn --workers 1 x:y"),
        (debugger_open, "scalable", "debugpy --listen 5678 x.py", "serve debugpy"),
        (port_differs, "scalable", "next start -p 3001", "next start -p 3000"),
        (stop_before_drain, "scalable", "gunicorn x:y", "gunicorn --graceful-timeout 5 x:y"),
        (command_daemonizes, "scalable", "gunicorn --daemon x:y", "gunicorn x:y"),
    ],
    ids=lambda value: getattr(value, "NAME", None),
)
def test_a_program_is_found_however_it_is_started(rule: Rule, kind: str, bad: str, good: str, way: str) -> None:
    """What is told of a program by itself is told of it inside another; what is let pass is let pass there, too."""
    assert (1, 0) == (told(rule, started(way, bad), kind), told(rule, started(way, good), kind))


@pytest.mark.parametrize(
    ("rule", "kind", "bad", "good"),
    [
        (pm2_relic, "scalable", "pm2 start x.js", "node pm2.js"),
        (singleton_clustered, "singleton", "NODE_ENV=x pm2-runtime -i max x.js", "pm2-runtime x.js"),
        (debugger_open, "scalable", "node --inspect x.js", "node x.js --inspect"),
        (port_differs, "scalable", "next start -p 3001", "next start"),
    ],
    ids=lambda value: getattr(value, "NAME", None),
)
def test_the_script_of_package_json_is_looked_into(rule: Rule, kind: str, bad: str, good: str) -> None:
    """`npm start` hides two managers, or several consumers, from who reads the manifest alone."""
    said = [told(rule, "npm start", kind, script) for script in (bad, good, None)]
    assert said == [1, 0, 0]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("node --inspect x.js", 1),
        ("node -r dotenv/config --inspect=0.0.0.0 x.js", 1),
        ("node --import tsx --env-file .env --inspect-brk x.ts", 1),
        ("npx tsx --inspect x.ts", 1),
        ("node x.js --inspect", 0),
        ("node -r ./--inspect x.js", 0),
        ("java -cp lib -agentlib:jdwp=transport=dt_socket Main", 1),
    ],
)
def test_a_debugger_is_an_option_of_the_runtime_itself(command: str, expected: int) -> None:
    """Behind other options and their values, and not behind the script."""
    assert expected == told(debugger_open, command)


@pytest.mark.parametrize("way", WAYS)
def test_a_variable_gives_workers_however_the_server_is_started(way: str) -> None:
    """WEB_CONCURRENCY makes several of a singleton inside a runner, too."""
    command = json.dumps(started(way, "uvicorn x:y"))
    text = TEXT.format(kind="singleton", command=command, more="env: {WEB_CONCURRENCY: 4}")
    (found,) = judged(singleton_clustered, text)
    assert "WEB_CONCURRENCY" in found.message
