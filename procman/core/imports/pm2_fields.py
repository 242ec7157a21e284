"""The one table of PM2's fields: what each becomes. Import, its report and docs/pm2.md come from it.

Read from the schema and code of PM2 7.0.4. Each key exists in camelCase there, too, and unknown ones are dropped.
"""

from __future__ import annotations

import re

from procman.core.imports.report import Outcome
from procman.core.values import dataclass
from procman.core.words import sole


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an app. `words` say what it becomes, or what to do instead; `idle` are values that change nothing.

    `types` are those that PM2 takes; a text of digits is a number to it. `form` is what it asks of a text.
    """

    name: str
    outcome: Outcome
    to: str
    words: str
    types: tuple[str, ...] = ("string",)
    aliases: tuple[str, ...] = ()
    idle: tuple[object, ...] = ()
    form: str | None = None


def _mapped(
    name: str, to: str, words: str, *types: str, aliases: tuple[str, ...] = (), idle: tuple[object, ...] = ()
) -> Field:
    return Field(name, Outcome.MAPPED, to, words, types or ("string",), aliases, idle)


def _differs(
    name: str, to: str, words: str, *types: str, aliases: tuple[str, ...] = (), idle: tuple[object, ...] = ()
) -> Field:
    return Field(name, Outcome.DIFFERS, to, words, types or ("string",), aliases, idle)


def _not(name: str, words: str, *types: str, aliases: tuple[str, ...] = (), idle: tuple[object, ...] = ()) -> Field:
    return Field(name, Outcome.NOT, "", words, types or ("string",), aliases, idle)


_LOGS = "procman writes both streams of an instance into one file, rotated: procman logs NAME, and `logs: {size, keep}`"
_REMOTE = "it belongs to PM2's monitoring; leave it out"
_OFF = (False, 0, "")

FIELDS = (
    _mapped("script", "command", "with its interpreter in front; a whole command line needs a shell only where it "
        "says so", aliases=("exec", "cmd", "command")),
    _mapped("name", "services.NAME", "in lower case with '-'; a name that comes twice gets a letter, since PM2's "
        "need not be unique", "string", "number"),
    _mapped("cwd", "directory", "relative to the manifest; PM2 starts from the folder of the shell where none is "
        "given", aliases=()),
    _mapped("args", "command", "behind the script; a text is split as PM2 splits it", "array", "string"),
    _differs("instances", "instances", "a number stays; 'max', 0 and negative ones become auto: as many as fit in "
        "RAM, at most one per core; a singleton has one", "number"),
    Field("exec_mode", Outcome.DIFFERS, "kind", "cluster is kind: scalable, with one socket per instance on one "
        "address; fork says nothing; the evidence decides, see the comment in the manifest", ("string",), (), (),
        "(cluster|fork)(_mode)?"),
    _mapped("exec_interpreter", "command", "the first word; none runs the script itself", aliases=("interpreter",)),
    _mapped("node_args", "command", "between node and the script", "array", "string", aliases=("interpreter_args",)),
    Field("max_memory_restart", Outcome.DIFFERS, "memory", "the limit of one instance with its whole process tree, "
        "looked at four times a second and counted in the budget; node's heap follows it (`runtime: node`). PM2 looks "
        "at the managed process alone, every 30 s",
        ("string", "number"), (), (), r"\d+(G|M|K)?"),
    Field("min_uptime", Outcome.DIFFERS, "start.time", "a process that ends before it counts as a failed start; "
        "later exits count, too; a start takes at least so long", ("number", "string"), (), (), r"\d+(h|m|s)?"),
    _differs("max_restarts", "restart.max", "within restart.within, wide enough for that many: a slow crash loop ends, "
        "too; what has failed is tried again every 5 minutes", "number"),
    _differs("restart_delay", "restart.delay", "with backoff: {factor: 1}; it applies from the second failure on, the "
        "first restart is at once", "number", idle=(0,)),
    _differs("exp_backoff_restart_delay", "restart.backoff", "restart.delay doubles, up to 15 s; PM2 makes it half as "
        "long again each time", "number", idle=(0,)),
    _mapped("kill_timeout", "stop.timeout", "how long an instance may take to end; PM2's default is 1.6 s, "
        "procman's 10 s", "number"),
    _mapped("treekill", "", "procman always signals the whole process group; what leaves it is ended with it when "
        "it is a singleton's", "boolean", idle=(True,)),
    _not("shutdown_with_message", "handle SIGTERM in the program (process.on('SIGTERM', ...)): there is no message "
        "channel to it", "boolean", idle=(False,)),
    _differs("wait_ready", "ready.ipc", "process.send('ready') is heard, also below npm; a time that runs out fails "
        "the command, PM2 counts it as success", "boolean", idle=(False,)),
    _differs("listen_timeout", "ready.timeout", "a time that runs out fails the command; PM2 counts it as success. "
        "Without it the time is 10 s, PM2's is 3 s", "number"),
    _mapped("autorestart", "restart.policy", "false is never", "boolean", idle=(True,)),
    _mapped("stop_exit_codes", "restart.success_codes", "with policy: on-failure", "array", "number"),
    _not("cron_restart", "put it into cron or a systemd timer: procman restart NAME", "string", "number",
        aliases=("cron",), idle=(0, "0", "")),
    _not("watch", "restart after a deployment instead: procman restart NAME; on a server a changed file is no "
        "reason to restart", "boolean", "array", "string", idle=_OFF),
    _not("ignore_watch", "goes with watch", "array", "string"),
    _not("watch_delay", "goes with watch", "number"),
    _not("watch_options", "goes with watch", "object"),
    _mapped("env", "env", "values as PM2 makes them text; nothing of the shell that starts it is added", "object"),
    _mapped("env_NAME", "env", "laid over env with `--env NAME`, as PM2 does", "object"),
    _mapped("filter_env", "", "not needed: a service finds nothing of the shell, but what `env` and `env_file` "
        "say", "boolean", "array", "string", idle=(False,)),
    _differs("increment_var", "", "one address is shared instead; or read PROCMAN_INSTANCE (0, 1, ...) and add it",
        "string"),
    _differs("instance_var", "", "the number of an instance is in PROCMAN_INSTANCE", "string",
        idle=("NODE_APP_INSTANCE",)),
    _not("namespace", "commands take several names: procman restart api mqtt; another project is another manifest",
        idle=("default", "")),
    _differs("merge_logs", "logs", "one file per instance; procman logs NAME shows them as one stream", "boolean",
        aliases=("combine_logs",), idle=_OFF),
    _not("out_file", _LOGS, aliases=("out", "output", "out_log")),
    _not("error_file", _LOGS, aliases=("error", "err", "err_file", "err_log")),
    _not("log_file", _LOGS, "boolean", "string", aliases=("log",), idle=(False,)),
    _not("log_date_format", "let the program write the time, or read it with journald", idle=("",)),
    _not("time", "let the program write the time", "boolean", idle=(False,)),
    _not("log_type", "let the program write JSON lines", idle=("",)),
    _not("disable_logs", "write less in the program; `logs: {size: 1M, keep: 0}` keeps little", "boolean",
        idle=(False,)),
    _not("pid_file", "procman status --json has every pid", aliases=("pid",)),
    _differs("source_map_support", "command", "node's own --enable-source-maps", "boolean", idle=(False,)),
    _mapped("disable_source_map_support", "", "nothing is added to node", "boolean"),
    _differs("uid", "user", "procman must run as root for it, as PM2; the group is the user's own", "number",
        "string", aliases=("user",)),
    _not("gid", "the group is that of `user`; make it that user's own with usermod -g", "number", "string"),
    _mapped("port", "env.PORT, listen", "PM2 sets PORT to it", "number"),
    _not("autostart", "`procman up` starts every service; leave it out of the manifest, or procman stop NAME",
        "boolean", idle=(True,)),
    _not("force", "two apps of one script are two services; a singleton's lock keeps a second consumer out",
        "boolean", idle=(False,)),
    _not("append_env_to_name", "one manifest per environment, each with its own `project`", "boolean", idle=(False,)),
    _not("name_prefix", "one manifest per project keeps names apart"),
    _mapped("execute_command", "", "PM2 then runs it in fork mode", "boolean", idle=(False,)),
    _mapped("kill_retry_time", "", "not needed: supervisord waits for the end itself", "number"),
    _mapped("vizion", "", "not needed: procman reads no version control", "boolean"),
    _mapped("windowsHide", "", "not needed: procman is for Linux", "boolean"),
    _mapped("username", "", "PM2 sets it itself", "string"),
    _not("pmx", _REMOTE, "boolean", "string", idle=(False,)),
    _not("automation", _REMOTE, "boolean", idle=(False,)),
    _not("trace", _REMOTE, "boolean", idle=(False,)),
    _mapped("disable_trace", "", "nothing is traced", "boolean"),
    _not("v8", _REMOTE, "boolean", idle=(False,)),
    _not("event_loop_inspector", _REMOTE, "boolean", idle=(False,)),
    _not("deep_monitoring", _REMOTE, "boolean", idle=(False,)),
    _not("io", _REMOTE, "object"),
    _not("install_url", "install modules as packages of the system"),
    _not("post_update", "run them in your deployment, before procman up", "array"),
    _not("write", _REMOTE, "boolean", idle=(False,)),
)  # fmt: skip

TOP = (
    Field("deploy", Outcome.NOT, "", "deploy with what you deploy with (git pull, rsync, ansible), then run procman "
        "up: it replaces what differs", ("object",)),
    Field("static", Outcome.NOT, "", "serve files with nginx or caddy, or write a service that does", ("array",)),
)  # fmt: skip
"""What stands beside `apps`."""


def camel(name: str) -> str:
    """Return the other spelling that PM2 takes: ``maxMemoryRestart``."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] if len(part) > 1 else part for part in rest)


_BY_NAME = {
    spelling: field
    for field in reversed(FIELDS)
    for spelling in {field.name, camel(field.name), *field.aliases, *map(camel, field.aliases)}
}


def field_of(key: str) -> Field | None:
    """Return the field that `key` is, in any of its spellings; None for a key that PM2 drops."""
    if re.fullmatch(r"env_\S+", key):
        return _BY_NAME["env_NAME"]
    return _BY_NAME.get(key)


def meant(key: str) -> str | None:
    """Return the field that `key` surely or likely misspells, or None."""
    plain = re.sub("(?<=[a-z])(?=[A-Z])", "_", key).lower().replace("-", "_")
    if plain in _BY_NAME:
        return plain
    names = [field.name for field in FIELDS if field.name != "env_NAME"]
    sure = sole(plain, names)
    if sure is not None:
        return sure
    import difflib  # noqa: PLC0415 - only for a key that PM2 does not know

    words = {**{name: name for name in names}, "max_memory": "max_memory_restart", "memory_limit": "max_memory_restart"}
    close = difflib.get_close_matches(plain, words, 1, 0.75)
    return words[close[0]] if close else None
