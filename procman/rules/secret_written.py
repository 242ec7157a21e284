"""A secret is written in the manifest.

## What it checks
Values of `env`, arguments of the command and `dedup.database`: known forms (keys of AWS, GitHub, GitLab, Slack, Stripe,
Google; private keys; JSON web tokens; URLs with a password), and names such as `DB_PASSWORD`, `API_KEY`, `--token`
beside a literal. What comes from a variable is fine; the default of a variable is in the file, too.

## Why it matters
The manifest goes into version control, into CI logs and to everybody who may read the project.

## Example
```yaml
services:
  api:
    kind: scalable
    command: node src/index.js
    memory: 400M
    env: {DB_PASSWORD: hunter2}
```

## Instead
`env_file: .env` (mode 0600, not in version control), or `DB_PASSWORD: ${DB_PASSWORD}`. A secret that was written once
is to be changed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

from procman.core.asked import literal, written
from procman.core.diagnostics import Severity
from procman.core.manifest import Manifest, Service
from procman.core.source import START, Span
from procman.rules.base import Context, Problem

CODE = "PM501"
NAME = "secret-written"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The manifest goes into version control and CI logs, and the secret with it."

HELP = "take it from outside: `env_file`, or ${NAME}; and change it now"
UNSET = "\x01"
"""Stands for a variable without a default, which is no part of the file."""
LONGEST = 4096
"""Of longer values the beginning is looked at."""

# (what it is, what such a text holds, its form)
FORMS = (
    ("an AWS key", ("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a GitHub token", ("gh", "github_pat_"), r"\b(?:gh[pousr]_[0-9A-Za-z]{30,}|github_pat_[0-9A-Za-z_]{30,})"),
    ("a GitLab token", ("glpat-",), r"\bglpat-[0-9A-Za-z_-]{20,}"),
    ("a Slack token", ("xox",), r"\bxox[abprs]-[0-9A-Za-z-]{10,}"),
    ("a Stripe key", ("k_live_",), r"\b[rs]k_live_[0-9A-Za-z]{16,}"),
    ("a Google key", ("AIza",), r"\bAIza[0-9A-Za-z_-]{35}\b"),
    ("a private key", ("-----BEGIN",), r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    ("a JSON web token", ("eyJ",), r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    ("a URL with a password", ("://",), r"://[^/\s:@]*:(?!\x01)[^/\s@]+@"),
)
WORDS = ("PASS", "SECRET", "TOKEN", "CREDENTIAL", "KEY")
NAMES = (
    r"(?:.*_)?(?:PASS|PASSWD|PASSWORD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?|APIKEY|"
    r"(?:API|ACCESS|SECRET|PRIVATE|SIGNING|ENCRYPTION|AUTH|SESSION|JWT|MASTER)_?KEY|(?:DB|PG|SECRET|JWT)PASSWORD)"
)
HARMLESS = r"(?i)|true|false|on|off|yes|no|none|null|/(?:run|etc|var|mnt)/.*|(?:file|vault|ssm|sops|arn):.*|\$.*"
OPTION = "--?([A-Za-z][A-Za-z0-9_-]+)"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each secret in the file. No message holds its value."""
    manifest = context.manifest
    for service in written(manifest):
        yield from _variables(manifest, service)
        yield from _arguments(manifest, service)
        if service.consumes is not None and service.consumes.dedup is not None:
            path = ("services", service.name, "consumes", "dedup", "database")
            form = _form(literal(manifest, service.consumes.dedup.database, *path, blank=UNSET))
            if form:
                yield _problem(service, f"holds {form}: 'dedup.database'", manifest.places.value(*path))


def _variables(manifest: Manifest, service: Service) -> Iterator[Problem]:
    for name, value in service.env:
        path = ("services", service.name, "env", name)
        said = literal(manifest, value, *path, blank=UNSET)
        form = _form(said)
        if form is None and _is_named(name) and not re.fullmatch(HARMLESS, said.replace(UNSET, "")):
            form = "a secret"
        if form is not None:
            yield _problem(service, f"holds {form}: '{name}'", manifest.places.value(*path))


def _arguments(manifest: Manifest, service: Service) -> Iterator[Problem]:
    words = _words(manifest, service)
    for (word, at), (following, _) in zip(words, [*words[1:], ("", START)], strict=False):
        name, equals, value = word.partition("=")
        form = _form(word)
        if form is None and _is_secret(name, value if equals else following):
            form = f"a secret, the value of {name},"
        if form is not None:
            yield _problem(service, f"has {form} in its command", at)


def _is_secret(name: str, value: str) -> bool:
    option = re.fullmatch(OPTION, name) if name.startswith("-") else None
    if option is None or not _is_named(option[1].replace("-", "_")):
        return False
    return not value.startswith("-") and not re.fullmatch(HARMLESS, value.replace(UNSET, ""))


def _is_named(name: str) -> bool:
    if not any(word in name.upper() for word in WORDS):
        return False
    return re.fullmatch(NAMES, re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()) is not None


def _words(manifest: Manifest, service: Service) -> list[tuple[str, Span]]:
    """Return the words of the command as the file has them, each with its place."""
    path = ("services", service.name, "command")
    places = manifest.places
    if (*path, "0") in places.values:
        return [
            (literal(manifest, word, *path, str(i), blank=UNSET), places.value(*path, str(i)))
            for i, word in enumerate(service.command)
        ]
    at = places.value(*path)
    if path not in places.raw:
        return [(word, at) for word in service.command]
    try:
        return [(word, at) for word in shlex.split(literal(manifest, "", *path, blank=UNSET)[:LONGEST])]
    except ValueError:
        return []


def _form(text: str) -> str | None:
    """Return which known form of a secret `text` holds, or None."""
    text = text[:LONGEST]
    for name, marks, form in FORMS:
        if any(mark in text for mark in marks) and re.search(form, text):
            return name
    return None


def _problem(service: Service, said: str, at: Span) -> Problem:
    return Problem(at, f"'{service.name}' {said}", HELP)
