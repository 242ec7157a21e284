"""A log file is written by more than one process.

## What it checks
Files named by options (`--log-file`, `--access-logfile`, ...), by variables (`LOG_FILE`, ...) and by `>` in a shell:
one that two services name, or that a service with several instances names.

## Why it matters
Lines of different processes are mixed and torn, and when one of them rotates the file the others write into the old
one.

## Example
```yaml
services:
  api: {kind: scalable, command: a --log-file app.log, memory: 90M}
  mqtt: {kind: singleton, command: b --log-file app.log, memory: 90M}
```

## Instead
Write to stdout: procman keeps one rotated file per instance, and `procman logs` shows them as one stream.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import join, normpath

from procman.core.argv import LONGEST, calls, option, script
from procman.core.asked import Asked
from procman.core.diagnostics import Related, Severity
from procman.core.guards import alone
from procman.core.manifest import Instances, Manifest, Service
from procman.core.source import Span
from procman.core.words import shown
from procman.rules.base import Context, Problem

CODE = "PM305"
NAME = "log-file-shared"
SEVERITY = Severity.WARNING
SINCE = "0.1.0"
WHY = "Lines of different processes are mixed and torn, and rotation loses some."

HELP = "write to stdout: procman keeps one rotated file per instance"
OPTIONS = ("--log-file", "--logfile", "--log", "--access-logfile", "--error-logfile", "--access-log", "--error-log")
VARIABLE = "(?:[A-Z0-9]+_)*LOG_?(?:FILE|PATH)(?:NAME)?"
REDIRECTION = r"(?<![<>&])[12&]?>>?\s*([^\s;&|<>()]+)"


def check(context: Context) -> Iterator[Problem]:
    """Yield a problem for each log file that a second process writes."""
    manifest = context.manifest
    first: dict[str, tuple[str, Span]] = {}
    asked = Asked(manifest)
    for service in asked.services:
        for file, at in dict(_files(manifest, service)).items():
            path = normpath(join(service.directory, file))
            owner = first.setdefault(path, (service.name, at))
            if owner[0] != service.name:
                message = f"'{service.name}' writes the log file {shown(file)}, and so does '{owner[0]}'"
                yield Problem(at, message, HELP, (Related(owner[1], "named first here"),))
            elif not alone(service) and any(wanted != Instances() for wanted, _, _ in asked.counts(service)):
                message = f"all instances of '{service.name}' write the log file {shown(file)}"
                yield Problem(at, message, HELP)


def _files(manifest: Manifest, service: Service) -> Iterator[tuple[str, Span]]:
    """Yield the log files that a service names, each with its place; streams and devices are none."""
    command = manifest.places.value("services", service.name, "command")
    logging = [call for call in calls(service.command) if any("log" in word for word in call.args)]
    found = [(option(call.args, name), command) for call in logging for name in OPTIONS]
    text = script(service.command) or ""
    if ">" in text[:LONGEST]:
        found += [(match[1], command) for match in re.finditer(REDIRECTION, text[:LONGEST])]
    for name, value in service.env:
        if "LOG" in name and re.fullmatch(VARIABLE, name):
            found.append((value, manifest.places.value("services", service.name, "env", name)))
    for file, at in found:
        if file and file not in ("-", "stdout", "stderr") and not file.startswith(("/dev/", "$", "&")):
            yield file, at
