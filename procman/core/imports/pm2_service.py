"""One app of PM2 becomes one service: each field in its place, and a word for each."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Collection, Mapping

from procman.core.imports import pm2_limits, pm2_listen
from procman.core.imports.draft import Draft, Entry, Value, literal, service_name
from procman.core.imports.evidence import Clues, Verdict, judge
from procman.core.imports.pm2_app import App, as_text, instances
from procman.core.imports.pm2_command import Command, Look, Script, command
from procman.core.imports.pm2_fields import FIELDS
from procman.core.imports.program import because, unported
from procman.core.imports.report import Hidden, Note, Outcome
from procman.core.keys import VARIABLE_NAME
from procman.core.manifest import Kind
from procman.core.values import dataclass

ORDER = (
    "command", "shell", "instances", "memory", "runtime", "listen", "ready", "env", "env_file", "directory", "user",
    "consumes", "start", "stop", "restart",
)  # fmt: skip
_BY_NAME = {field.name: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Context:
    """What an app is read in: the folder of its file, the manifest's, the environment that was asked for.

    `packages` knows what each folder depends on. `templates`: values of the file that came from a variable, by their
    path in the app. `env_file`: what dotenv read. `choose` decides for a person where the evidence is not clear.
    """

    folder: str
    base: str
    look: Look
    packages: Mapping[str, tuple[str, ...]]
    shared: bool = False
    environment: str = ""
    templates: Mapping[tuple[str, ...], str] | None = None
    env_file: str = ""
    choose: Callable[[str, Verdict], Verdict] | None = None


@dataclass(frozen=True, slots=True)
class Service:
    """A service, the app it was, and what there is to say of both; `text` is the beginning of its script."""

    app: App
    draft: Draft
    verdict: Verdict
    command: Command
    notes: tuple[Note, ...]
    hidden: tuple[Hidden, ...]
    directory: str
    port: str | None
    text: str = ""


def service(app: App, context: Context, taken: Collection[str]) -> Service:
    """Return the service that `app` becomes; its name is none of `taken`."""
    directory = directory_of(app, context)
    script = context.look(directory, app.text("script"))
    run = command(app, script)
    env, env_hidden = _environment(app, run, context)
    port = pm2_listen.port(app, env)
    clues = _clues(app, run, script, port, context, directory)
    verdict = judge(clues)
    if context.choose is not None and not verdict.sure:
        verdict = context.choose(app.name, verdict)
    told = dict(run.told)
    entries = [*run.entries, *pm2_limits.entries(app, verdict.kind, script, told, node=run.node)]
    if verdict.kind is Kind.SCALABLE:
        entries += pm2_listen.entries(app, env, port, told)
    elif "exec_mode" in app.values or "instances" in app.values:
        told.setdefault("exec_mode", "one process: the evidence says singleton, see the comment in the manifest")
        told.setdefault("instances", "one: a singleton has exactly one process")
    if run.node and any(entry.key == "memory" for entry in entries) and not _heap(run, env):
        entries.append(Entry("runtime", "node", "its heap follows the limit"))
    if env:
        entries.append(Entry("env", env))
    if context.env_file:
        entries.append(Entry("env_file", literal(context.env_file), "what dotenv read"))
    shown = _relative(directory, context.base)
    if shown != ".":
        entries.append(Entry("directory", literal(shown)))
    consumes, below = _consumes(verdict, env)
    entries += [consumes] if consumes is not None else []
    user = app.text("uid")
    if user:
        entries.append(Entry("user", literal(user)))
    ordered = tuple(sorted(unported(entries), key=lambda entry: ORDER.index(entry.key)))
    draft = Draft(service_name(app.name, taken), verdict.kind, ordered, (because(verdict),), below)
    notes = (*app.notes, *_notes(app, told, context))
    hidden = (*app.hidden, *run.hidden, *env_hidden)
    return Service(app, draft, verdict, run, notes, hidden, directory, port, script.text)


def _heap(run: Command, env: Mapping[str, Value]) -> bool:
    """Tell whether the app sets node's heap itself."""
    return any("max-old-space-size" in str(word).replace("_", "-") for word in (*run.words, env.get("NODE_OPTIONS")))


def directory_of(app: App, context: Context) -> str:
    """Return the directory that `app` runs in, whole."""
    return posixpath.normpath(posixpath.join(context.folder, app.text("cwd")))


def _environment(app: App, run: Command, context: Context) -> tuple[dict[str, Value], tuple[Hidden, ...]]:
    """Return the variables, as the manifest writes them, and what of them cannot be taken over."""
    chosen = [("env", app.env.get("", {}))]
    if context.environment and context.environment in app.env:
        chosen.append((f"env_{context.environment}", app.env[context.environment]))
    values: dict[str, Value] = dict(run.env)
    hidden = []
    templates = context.templates or {}
    for key, table in chosen:
        unset = {name: "" for part, name in templates if part == key}
        for name, value in {**unset, **table}.items():
            if VARIABLE_NAME.fault(name) is not None or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                hidden.append(
                    Hidden(app.name, f"the variable {name!r} has a name that procman does not take", "rename it")
                )
            else:
                template = templates.get((key, name))
                values[name] = literal(as_text(value)) if template is None else template
    if app.number("port") is not None:
        values["PORT"] = app.text("port")
    if context.environment and app.env and context.environment not in app.env:
        hidden.append(
            Hidden(app.name, f"it has no env_{context.environment}, and runs with env alone", "PM2 only warns")
        )
    return values, tuple(hidden)


def _clues(app: App, run: Command, script: Script, port: str | None, context: Context, directory: str) -> Clues:
    count = instances(app.values["instances"]) if "instances" in app.values else 1
    mode = app.text("exec_mode")
    implied = "instances" in app.values and not mode and run.node and (count >= -1)
    many = max(count, 0) if count > 0 else 0
    words = "as many instances as CPUs" if count == 0 else f"{count} instances" if count > 1 else ""
    words = f"the CPUs less {-count} as instances" if count < 0 else words
    named = "cluster mode" if mode.startswith("cluster") else "cluster mode (by `instances` alone)" if implied else ""
    several = count != 1
    counted = " with ".join(filter(None, (named, words))) if several or mode else ""
    return Clues(
        app.name,
        run.words[1:] if run.node else run.words,
        app.text("script") if " " not in app.text("script") else "",
        script.text if not script.binary else "",
        context.packages[directory],
        own=not context.shared,
        port=pm2_listen.number(port),
        instances=many if several and many else 2 if several else 1,
        cluster=mode.startswith("cluster"),
        counted=counted,
    )


def _consumes(verdict: Verdict, env: Mapping[str, Value]) -> tuple[Entry | None, tuple[str, ...]]:
    """Return what an MQTT consumer takes, where its variables say it, else a comment that asks for it."""
    if not any("mqtt" in said.lower() for said in verdict.takes):
        return None, ()
    texts = {name: value for name, value in env.items() if isinstance(value, str) and value}
    broker = next((v for v in texts.values() if re.fullmatch(r"(?:mqtts?|wss?|tcp|ssl)://[^\s${}]+", v)), None)
    topics = next((v for k, v in texts.items() if re.search("TOPICS?$", k.upper())), None)
    client = next((v for k, v in texts.items() if re.search("CLIENT_?ID$", k.upper())), None)
    bare = re.sub("//[^@/]*@", "//", broker or "mqtt://127.0.0.1:1883")
    filters = tuple(word.strip() for word in (topics or "").split(",") if word.strip())
    if broker and filters and "$" not in (topics or ""):
        named: dict[str, Value] = {"client_id": client} if client else {}
        return Entry("consumes", {"broker": bare, "topics": filters, **named}, "the lock is on this"), ()
    return None, (
        "Say what it consumes, and the lock holds against every other consumer of it on this host, not only itself:",
        f"consumes: {{broker: {bare}, topics: [{topics or 'shop/+/data'}], client_id: {client or 'NAME'}}}",
    )


def _notes(app: App, told: Mapping[str, str], context: Context) -> list[Note]:
    """Return a note for each field of `app`."""
    notes = []
    for name, key in app.keys.items():
        field = _BY_NAME[name]
        value = app.values.get(name)
        if name == "env_NAME":
            continue
        said = told.get(name)
        if name in told and said == "":
            notes.append(Note(app.name, key, Outcome.MAPPED, field.words))
        elif name in app.values and not isinstance(value, list | dict) and value in field.idle:
            notes.append(Note(app.name, key, Outcome.MAPPED, "as it is without it"))
        elif said is not None:
            outcome = Outcome.DIFFERS if field.outcome is Outcome.MAPPED else field.outcome
            notes.append(Note(app.name, key, outcome, said))
        else:
            notes.append(Note(app.name, key, field.outcome, field.words))
    for name in app.env:
        if name and name == context.environment:
            notes.append(Note(app.name, f"env_{name}", Outcome.MAPPED, "laid over env"))
        elif name:
            words = f"not used: procman import pm2 --env {name} lays it over env; one manifest per environment"
            notes.append(Note(app.name, f"env_{name}", Outcome.DIFFERS, words))
    return notes


def _relative(directory: str, base: str) -> str:
    """Return `directory` from the manifest's folder, or whole when it lies elsewhere."""
    found = posixpath.relpath(directory, base)
    return directory if found.startswith("..") else found
