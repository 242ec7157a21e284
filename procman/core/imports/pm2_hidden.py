"""What PM2 takes without a word and what hurts later: found in the apps as they are, each with what to do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from posixpath import normpath

from procman.core.imports.evidence import Verdict
from procman.core.imports.pm2_app import App, as_text, instances, size
from procman.core.imports.pm2_limits import SMALLEST
from procman.core.imports.pm2_service import Service
from procman.core.imports.report import Hidden
from procman.core.words import counted, shown

_READ = re.compile(
    r"""process\.env\.([A-Za-z_]\w*)|process\.env\[['"](\w+)['"]\]|os\.environ(?:\.get\(|\[)['"](\w+)['"]"""
    r"""|os\.getenv\(['"](\w+)['"]"""
)
_GUARDED = r"if\s*\(\s*(?:typeof\s+)?process\.send\b|process\.send\s*(?:&&|\?)|typeof process\.send"
_GIVEN = frozenset({"HOME", "PATH", "USER", "LOGNAME", "LANG"})
"""What every service finds."""


def found(services: tuple[Service, ...]) -> tuple[Hidden, ...]:
    """Return what PM2 did not say of these apps, each alone and all beside each other."""
    alone = [hidden for each in services for hidden in (*each.hidden, *_alone(each))]
    return (*alone, *_same_names(services), *_same_scripts(services), *_same_ports(services))


def _alone(service: Service) -> Iterator[Hidden]:
    app, verdict = service.app, service.verdict
    yield from _counted(app)
    if verdict.takes:
        yield from _consumer(service, verdict)
    yield from _unset(service)
    heard = service.draft.get("ready") is not None and bool(app.values.get("wait_ready"))
    if not heard and "process.send(" in service.text and not re.search(_GUARDED, service.text):
        words = f"{app.text('script')} calls process.send, which is only there under a parent that listens"
        yield Hidden(app.name, words, "ask first: if (process.send) process.send('ready')")
    if _collides(service):
        words = f"several instances in fork mode on one port, {service.port}: all but the first fail to listen"
        yield Hidden(app.name, words, "one address that all share: kind: scalable with `listen`")
    limit = size(app.values["max_memory_restart"]) if "max_memory_restart" in app.values else None
    if limit is not None and limit < SMALLEST:
        value = as_text(app.values["max_memory_restart"])
        words = f"max_memory_restart {value} is {counted(limit, 'byte')}: PM2 restarts it at every look, for ever"
        yield Hidden(app.name, words, f"a number without a letter is bytes; {value}M may have been meant")


def _collides(service: Service) -> bool:
    """Tell whether several instances in fork mode are told one port."""
    app, mode = service.app, service.app.text("exec_mode")
    fork = not mode.startswith("cluster") and bool(mode or not service.command.node)
    several = "instances" in app.values and instances(app.values["instances"]) != 1
    return fork and several and service.port is not None and not app.text("increment_var")


def _counted(app: App) -> Iterator[Hidden]:
    value = app.values.get("instances")
    if isinstance(value, str) and value != "max" and not value.strip().lstrip("+-").isdecimal():
        words = f"instances {shown(value)} is no number: PM2 starts one per CPU"
        if instances(value) != 0:
            words = f"instances {shown(value)} is read as {instances(value)}"
        yield Hidden(app.name, words, "write a number")


def _consumer(service: Service, verdict: Verdict) -> Iterator[Hidden]:
    """Yield how one consumer becomes two: by its count, and by a reload in cluster mode."""
    app = service.app
    count = instances(app.values["instances"]) if "instances" in app.values else 1
    cluster = app.text("exec_mode").startswith("cluster")
    implied = "instances" in app.values and not app.text("exec_mode") and service.command.node
    evidence = verdict.takes[0]
    if count != 1:
        how = f"{count} times" if count > 1 else "once per CPU"
        words = f"a consumer ({evidence}) that runs {how}: each message is handled as often"
        yield Hidden(
            app.name, words, "kind: singleton, which procman keeps at one; or shared subscriptions, see docs/guide.md"
        )
    if cluster or implied:
        why = "in cluster mode" if cluster else "in cluster mode, because `instances` is given without exec_mode"
        words = f"a consumer {why}: `pm2 reload` starts the new one before the old one has ended, and both consume"
        yield Hidden(app.name, words, "procman ends a singleton before it starts the next one")


def _unset(service: Service) -> Iterator[Hidden]:
    """Yield the variables that a script reads and that came from the shell, or from PM2 alone."""
    read = {next(filter(None, found.groups())) for found in _READ.finditer(service.text)}
    numbered = sorted(read & {"NODE_APP_INSTANCE", "pm_id", service.app.text("instance_var") or "NODE_APP_INSTANCE"})
    script = service.app.text("script")
    if numbered:
        words = f"{script} reads {', '.join(numbered)}, which PM2 alone sets"
        yield Hidden(service.app.name, words, "the number of an instance is in PROCMAN_INSTANCE")
    env = service.draft.get("env")
    known = {*numbered, *_GIVEN, *(env if isinstance(env, Mapping) else ())}
    known |= {"PORT", "HOST"} if service.draft.get("listen") else set()
    left = sorted(read - known)
    if left and "dotenv" not in service.text and service.draft.get("env_file") is None:
        words = f"{script} reads {', '.join(left)}, which the file does not set: PM2 handed the shell's on"
        yield Hidden(
            service.app.name, words, "set what is needed in env or env_file: nothing of the shell reaches a service"
        )


def _same_names(services: tuple[Service, ...]) -> Iterator[Hidden]:
    for name, several in _groups(services, lambda s: s.app.name):
        if len(several) > 1:
            names = ", ".join(s.draft.name for s in several)
            words = f"{len(several)} apps have this name, and one command of PM2's means all of them"
            yield Hidden(name, words, f"they are the services {names} here")


def _same_scripts(services: tuple[Service, ...]) -> Iterator[Hidden]:
    for _, several in _groups(services, lambda s: (s.directory, _script(s), s.app.words("args"))):
        if len(several) > 1:
            names = _listed([s.app.name for s in several])
            words = f"{names} have the same script, {several[0].app.text('script')}"
            takes = any(s.verdict.takes for s in several)
            advice = "two consumers of the same messages: keep one" if takes else "keep one, and give it `instances`"
            yield Hidden(several[1].app.name, words, advice)


def _same_ports(services: tuple[Service, ...]) -> Iterator[Hidden]:
    for port, several in _groups(services, lambda s: s.port):
        if port and len(several) > 1:
            names = _listed([s.app.name for s in several])
            yield Hidden(several[1].app.name, f"{names} have one port, {port}", "give each its own")


def _script(service: Service) -> str:
    return normpath(service.app.text("script"))


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _groups(services: tuple[Service, ...], key: object) -> Iterator[tuple[str, list[Service]]]:
    found_by = defaultdict(list)
    for service in services:
        found_by[key(service)].append(service)  # type: ignore[operator]
    for value, several in found_by.items():
        yield str(value) if value else "", several
