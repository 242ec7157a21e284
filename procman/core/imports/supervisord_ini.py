"""The programs of a hand-written supervisord file, and what becomes of each of their options."""

from __future__ import annotations

import configparser
import re
from collections.abc import Iterator, Mapping

from procman.core.imports.draft import Draft, Entry, Value, literal, service_name
from procman.core.imports.evidence import Clues, judge
from procman.core.imports.pm2_limits import MOST_CODE, MOST_INSTANCES, MOST_RESTARTS, short
from procman.core.imports.program import because, command_entries, split, unported
from procman.core.imports.project_files import Reader
from procman.core.imports.report import Hidden, Imported, Note, Outcome, Row
from procman.core.keys import VARIABLE_NAME
from procman.core.manifest import Kind

_LOG = "both streams of an instance go into one rotated file: procman logs NAME"
_MAPPED, _DIFFERS, _NOT = Outcome.MAPPED, Outcome.DIFFERS, Outcome.NOT
OPTIONS: Mapping[str, tuple[Outcome, str]] = {
    "command": (_MAPPED, "command"),
    "directory": (_MAPPED, "directory"),
    "environment": (_MAPPED, "env"),
    "user": (_MAPPED, "user"),
    "numprocs": (
        _DIFFERS,
        "instances, on one address that they share; the evidence decides whether there may be several",
    ),
    "process_name": (_DIFFERS, "instances are named NAME-0, NAME-1"),
    "numprocs_start": (_DIFFERS, "instances count from 0"),
    "startsecs": (_MAPPED, "start.time"),
    "startretries": (_DIFFERS, "restart.max: later failures count, too, within restart.within"),
    "stopsignal": (_MAPPED, "stop.signal"),
    "stopwaitsecs": (_MAPPED, "stop.timeout"),
    "stopasgroup": (_MAPPED, "always so"),
    "killasgroup": (_MAPPED, "always so"),
    "redirect_stderr": (_MAPPED, "always so"),
    "stdout_logfile": (_DIFFERS, _LOG),
    "stderr_logfile": (_DIFFERS, _LOG),
    "stdout_logfile_maxbytes": (_MAPPED, "logs.size"),
    "stdout_logfile_backups": (_MAPPED, "logs.keep"),
    "autorestart": (_MAPPED, "restart.policy"),
    "exitcodes": (_MAPPED, "restart.success_codes"),
    "autostart": (_NOT, "procman up starts every service; leave out what should not start"),
    "priority": (_NOT, "say what a service waits for: depends_on"),
    "umask": (_NOT, "022; set another one in the program"),
    "socket": (_DIFFERS, "listen; the socket is descriptor 3, not 0"),
}
_SIGNALS = frozenset({"TERM", "INT", "QUIT", "HUP", "USR1", "USR2", "KILL"})
_SECTIONS = {
    "eventlistener": "not supported: procman's own plugin watches; `procman events` shows what it saw",
    "include": "its files were not read: import each of them",
    "group": "not needed: commands take several names",
}


def imported(text: str, source: str, project: str, here: str, read: Reader) -> Imported:
    """Return what the supervisord file in `text`, which lies in `here`, becomes. ValueError when it is none."""
    parser = configparser.RawConfigParser(inline_comment_prefixes=(" ;", "\t;"), strict=False, interpolation=None)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error).replace("\n", " ")) from error
    rows: list[Row] = []
    notes: list[Note] = []
    hidden: list[Hidden] = []
    for section in parser.sections():
        kind, _, name = section.partition(":")
        if kind in ("program", "fcgi-program") and name and parser.has_option(section, "command"):
            program = _Program(name.strip(), dict(parser.items(section)), here)
            rows.append(program.row([row.draft.name for row in rows], read))
            notes.extend(program.notes())
        elif kind in _SECTIONS:
            hidden.append(Hidden("", f"[{section}]", _SECTIONS[kind]))
    return Imported.of(tuple(rows), project, source, tuple(notes), tuple(hidden))


class _Program:
    """One section of the file, its values expanded."""

    def __init__(self, name: str, options: Mapping[str, str], here: str) -> None:
        self.name = name
        self.options = {key: _expanded(value, name, here) for key, value in options.items()}

    def row(self, taken: list[str], read: Reader) -> Row:
        """Return the service; its name is none of `taken`."""
        command = self.options["command"].replace("\n", " ")
        words = split(command) or (command,)
        script = next((word for word in words if re.search(r"\.(?:py|[cm]?js|ts|php|rb)$", word)), "")
        port = re.search(r":([0-9]{2,5})\b", self.options.get("socket", ""))
        count = int(self.options["numprocs"]) if self.options.get("numprocs", "").isdecimal() else 1
        clues = Clues(
            self.name,
            words,
            script,
            read(script) if script else "",
            (),
            port=port[1] if port else None,
            instances=count,
        )
        verdict = judge(clues)
        entries = [*command_entries(command)]
        if verdict.kind is Kind.SCALABLE:
            entries.append(Entry("instances", min(max(count, 1), MOST_INSTANCES)))
        entries.extend(self._entries())
        return Row(
            self.name,
            Draft(service_name(self.name, taken), verdict.kind, tuple(unported(entries)), (because(verdict),)),
            verdict,
        )

    def notes(self) -> Iterator[Note]:
        """Yield what becomes of each option."""
        for key in self.options:
            outcome, words = OPTIONS.get(key, (_NOT, "supervisord's own; nothing takes its place"))
            yield Note(self.name, key, outcome, words)

    def _entries(self) -> Iterator[Entry]:
        options = self.options
        address = re.fullmatch(r"tcp://([^/:]+|\[[0-9a-f:]+\]):([0-9]+)", options.get("socket", ""))
        if address:
            yield Entry("listen", f"{address[1]}:{address[2]}")
        env: dict[str, Value] = dict(_variables(options.get("environment", "")))
        if env:
            yield Entry("env", env)
        if options.get("directory"):
            yield Entry("directory", options["directory"])
        if options.get("user"):
            yield Entry("user", options["user"])
        if _number(options, "startsecs"):
            yield Entry("start", {"time": short(_number(options, "startsecs"))})
        stop: dict[str, Value] = {}
        if _number(options, "stopwaitsecs"):
            stop["timeout"] = short(_number(options, "stopwaitsecs"))
        if options.get("stopsignal", "TERM").upper().removeprefix("SIG") in _SIGNALS - {"TERM"}:
            stop["signal"] = options["stopsignal"].upper().removeprefix("SIG")
        if stop:
            yield Entry("stop", stop)
        yield from _restart(options)
        yield from _logs(options)


def _restart(options: Mapping[str, str]) -> Iterator[Entry]:
    parts: dict[str, Value] = {}
    policy = options.get("autorestart", "unexpected").strip().lower()
    if policy in ("false", "0", "no", "off"):
        parts["policy"] = "never"
    elif policy == "unexpected":
        parts["policy"] = "on-failure"
    if "startretries" in options:
        parts["max"] = int(min(_number(options, "startretries"), MOST_RESTARTS))
    codes = tuple(
        int(code) for code in re.findall(r"\b[0-9]{1,3}\b", options.get("exitcodes", "")) if int(code) <= MOST_CODE
    )
    if codes and parts.get("policy") == "on-failure":
        parts["success_codes"] = codes
    if parts:
        yield Entry("restart", parts)


def _logs(options: Mapping[str, str]) -> Iterator[Entry]:
    logs: dict[str, Value] = {}
    size = re.fullmatch(r"([1-9][0-9]{0,5})\s*(KB|MB|GB)", options.get("stdout_logfile_maxbytes", "").upper())
    if size:
        logs["size"] = f"{size[1]}{size[2][0]}"
    if options.get("stdout_logfile_backups", "").isdecimal():
        logs["keep"] = int(min(_number(options, "stdout_logfile_backups"), 100))
    if logs:
        yield Entry("logs", logs)


def _variables(text: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r"""([A-Za-z_]\w*)\s*=\s*("[^"]*"|'[^']*'|[^,\s]*)""", text):
        if VARIABLE_NAME.fault(found[1]) is None:
            yield found[1], found[2].strip("\"'")


def _expanded(value: str, name: str, here: str) -> str:
    """Return `value` as the manifest writes it: ``%(ENV_X)s`` is ``${X}``, a doubled percent is one."""
    known = {"here": here, "program_name": name, "group_name": name, "process_num": "0", "numprocs": "1"}

    def put(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        word = found[1]
        return f"${{{word[4:]}:-}}" if word.startswith("ENV_") else known.get(word, found[0])

    return re.sub(r"%%|%\((\w+)\)[0-9]*[sd]", put, literal(value))


def _number(options: Mapping[str, str], key: str) -> float:
    text = options.get(key, "")
    return float(text) if re.fullmatch(r"[0-9]{1,6}", text) else 0.0
