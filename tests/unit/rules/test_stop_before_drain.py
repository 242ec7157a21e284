"""How long each server takes for open requests, and the stop timeout that is too short for it."""

from __future__ import annotations

import gunicorn.config  # type: ignore[import-untyped]
import hypercorn.config
import pytest
import uvicorn

from procman.rules import stop_before_drain as rule
from tests.support.judging import judged

TEXT = "services: {{api: {{kind: scalable, command: {command}, memory: 90M, stop: {{timeout: {timeout}}}}}}}"


def told(command: str, timeout: str) -> list[tuple[str, str]]:
    """Return what the rule says of a service that is killed after `timeout`, and the help."""
    return [(t.message, t.help) for t in judged(rule, TEXT.format(command=command, timeout=timeout))]


@pytest.mark.parametrize(
    ("command", "server", "drain", "enough"),
    [
        ("hypercorn a:b", "hypercorn", "3s", "3100ms"),
        ("hypercorn --graceful-timeout 7 a:b", "hypercorn", "7s", "8s"),
        ("gunicorn a:b", "gunicorn", "30s", "31s"),
        ("gunicorn --graceful-timeout=7 a:b", "gunicorn", "7s", "8s"),
        ("gunicorn --graceful-timeout 7.5 a:b", "gunicorn", "7500ms", "7600ms"),
        ("uvicorn --timeout-graceful-shutdown 9 a:b", "uvicorn", "9s", "10s"),
        ("puma --shutdown-timeout 9", "puma", "9s", "10s"),
    ],
)
def test_the_drain_of_a_server_is_known(command: str, server: str, drain: str, enough: str) -> None:
    """A stop timeout as long as the drain is told, since the kill may come first; a longer one is not."""
    ((message, help_text),) = told(command, drain)
    assert message.startswith("'api' is killed after ")
    assert f", and {server} takes up to " in message
    assert help_text.startswith("`stop: {timeout: ")
    assert told(command, enough) == []


@pytest.mark.parametrize(
    ("command", "timeout"),
    [
        ("uvicorn a:b", "1s"),
        ("puma", "1s"),
        ("hypercorn --graceful-timeout 0 a:b", "1s"),
        ("gunicorn --graceful-timeout $T a:b", "1s"),
        ("node x.js --graceful-timeout 30", "1s"),
    ],
)
def test_what_is_not_known_to_drain_is_let_pass(command: str, timeout: str) -> None:
    """No limit of its own, none at all, one that only a shell knows, and a program of another name."""
    assert told(command, timeout) == []


def test_the_whole_finding() -> None:
    """Message and help name both times and a timeout that is long enough."""
    assert told("hypercorn a:b", "2s") == [
        (
            "'api' is killed after 2s, and hypercorn takes up to 3s for open requests",
            "`stop: {timeout: 8s}`, or a shorter drain",
        )
    ]


def test_of_several_programs_the_longest_drain_counts() -> None:
    """A shell that starts two: gunicorn's 30 s, not hypercorn's 3."""
    text = '"hypercorn a:b & exec gunicorn c:d", shell: true'
    ((message, _),) = told(text, "10s")
    assert "gunicorn takes up to 30s" in message


def test_the_defaults_are_those_of_the_servers() -> None:
    """What each takes when its command does not say, asked of the servers themselves."""
    assert {
        "hypercorn": hypercorn.config.Config().graceful_timeout,
        "gunicorn": gunicorn.config.GracefulTimeout.default,
        "uvicorn": uvicorn.Config("a:b").timeout_graceful_shutdown,
    } == {name: rule.DRAINS[name][1] for name in ("hypercorn", "gunicorn", "uvicorn")}
