"""A command is wrapped in a shell or a package runner.

## What it checks
`shell: true` or `sh -c` without `exec` before the last command; `npm run`, `npm start`, `npx`, `yarn`, `pnpm`; `sudo`,
`su`, `nohup`. On the host itself the script is looked up in package.json and shown.

## Why it matters
The wrapper is what is watched: when it dies, what it wraps is ended at once, and what becomes of that shows only in the
wrapper's own end. A program that leaves the wrapper's process group is not told to stop. A lock on one consumer is held
by the wrapper (`npm run` keeps it from `node`).

## Example
```yaml
services:
  mqtt: {kind: singleton, command: npm run consumer, memory: 300M}
```

## Instead
What runs in the end: `command: node src/mqtt-consumer.js`. Where a shell is needed, `exec` before the last command.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from posixpath import basename

from procman.core.argv import PACKAGE_RUNNERS, SHELLS, parts, script
from procman.core.asked import written
from procman.core.diagnostics import Severity
from procman.core.manifest import Service
from procman.core.words import shown
from procman.rules.base import Context, Problem

CODE = "PM304"
NAME = "command-wrapped"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "The wrapper is what is watched: when it dies, what it wraps is killed, and it may hide what becomes of that."

OTHERS = frozenset({"sudo", "su", "nohup", "screen", "tmux", "script", "xvfb-run"})
OF_THE_SHELL = frozenset(
    {"exit", "return", "wait", "cd", "done", "fi", "esac", "}", ")", ":", "true", "false", "echo", "export", "trap"}
)
"""What a text may end with that is no program."""
USES_SHELL = frozenset("|&;<>()$`*?[]~{}\n")


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each command whose program is a child of what procman starts."""
    for service in written(context.manifest):
        at = context.manifest.places.value("services", service.name, "command")
        text = script(service.command)
        name = basename(service.command[0])
        if text is not None:
            yield from (Problem(at, *said) for said in _in_shell(service.name, name, text))
        elif name in PACKAGE_RUNNERS:
            yield Problem(at, f"'{service.name}' runs inside {name}", _direct(context, service, name))
        elif name in OTHERS:
            direct = f"run it directly: {shlex.join(service.command[1:])}"
            help_text = "procman runs a service as another user with `user`" if name in ("sudo", "su") else direct
            yield Problem(at, f"'{service.name}' runs inside {name}", help_text)


def _in_shell(service: str, shell: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield message and help unless the last command of `text` replaces the shell."""
    commands = parts(text)
    if not commands or "exec" in commands[-1][:1]:
        return
    if len(commands) == 1 and not USES_SHELL & set(text) and "=" not in commands[0][0] and shell in SHELLS:
        yield f"'{service}' runs inside {shell}, which it does not need", f"run it directly: {shlex.join(commands[0])}"
    else:
        last = f"write `exec` before the last command, {shown(shlex.join(commands[-1]))}"
        if commands[-1][0] in OF_THE_SHELL:
            last = "let what serves come last, with `exec` before it"
        yield f"'{service}' runs inside {shell}", f"{last}, or use no shell"


def _direct(context: Context, service: Service, name: str) -> str:
    known = context.facts.services.get(service.name) if context.facts else None
    if known is not None and known.script:
        return f"run it directly: {known.script}"
    return f"run directly what {name} runs, such as node src/index.js (see `scripts` in package.json)"
