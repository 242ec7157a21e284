"""What PM2 runs or has saved, as the ecosystem file that would start it: from `pm2 jlist` and its dump."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import basename

from procman.core.imports.pm2_app import as_text
from procman.core.values import dataclass

PICKED = (
    "args", "node_args", "exec_interpreter", "exec_mode", "max_memory_restart", "min_uptime", "max_restarts",
    "restart_delay", "exp_backoff_restart_delay", "kill_timeout", "shutdown_with_message", "wait_ready",
    "listen_timeout", "stop_exit_codes", "cron_restart", "watch", "ignore_watch", "namespace", "increment_var",
    "source_map_support", "uid", "gid", "log_date_format", "autorestart", "treekill",
)  # fmt: skip
_USUAL: Mapping[str, object] = {
    "namespace": "default", "autorestart": True, "treekill": True, "watch": False, "args": [], "node_args": [],
}  # fmt: skip
"""What PM2 fills in itself."""

_SHELL = re.compile(
    "PM2_.*|pm_.*|npm_.*|NVM_.*|XDG_.*|LC_.*|SSH_.*|LESS.*|DBUS_.*|SUDO_.*|PYENV_.*|CONDA_.*|VSCODE_.*|GIT_.*|TMUX.*"
    "|PATH|HOME|SHELL|SHLVL|TERM|TERM_PROGRAM.*|COLORTERM|LS_COLORS|PWD|OLDPWD|USER|LOGNAME|MAIL|LANG|LANGUAGE|EDITOR"
    "|VISUAL|PAGER|DISPLAY|HOSTNAME|HOSTTYPE|MACHTYPE|OSTYPE|INVOCATION_ID|JOURNAL_STREAM|MANAGERPID|WINDOWID|_"
    "|unique_id|NODE_APP_INSTANCE|VIRTUAL_ENV.*|PS1|HIST.*|MOTD_SHOWN|DEBIAN_FRONTEND|DEBUGINFOD_URLS"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One app of PM2's list: as an ecosystem file has it, how many of it run, and the names of the shell left out."""

    raw: Mapping[str, object]
    online: int
    memory: int
    dropped: tuple[str, ...]


def listed(document: object, shell: Mapping[str, str]) -> tuple[Listed, ...] | None:
    """Return the apps in a list of PM2's, None when `document` is none. What `shell` has is not the app's own."""
    if not isinstance(document, list) or not all(_is_process(each) for each in document):
        return None
    groups: dict[tuple[str, ...], list[Mapping[str, object]]] = {}
    for each in document:
        env = _settings(each)
        key = (as_text(env.get("name")), as_text(env.get("pm_exec_path")), as_text(env.get("pm_cwd")))
        groups.setdefault((*key, as_text(env.get("args"))), []).append(each)
    return tuple(_app(several, shell) for several in groups.values())


def _is_process(each: object) -> bool:
    return isinstance(each, Mapping) and isinstance(_settings(each).get("pm_exec_path"), str)


def _settings(each: Mapping[str, object]) -> Mapping[str, object]:
    """Return PM2's settings of a process: beside pid and name in `jlist`, the whole of it in a dump."""
    found = each.get("pm2_env")
    return found if isinstance(found, Mapping) else each


def _app(several: list[Mapping[str, object]], shell: Mapping[str, str]) -> Listed:
    env = _settings(several[0])
    raw: dict[str, object] = {"name": as_text(env.get("name")), "script": env["pm_exec_path"], "cwd": env.get("pm_cwd")}
    raw |= {name: env[name] for name in PICKED if env.get(name) is not None and env[name] != _USUAL.get(name)}
    mode = as_text(raw.pop("exec_mode", ""))
    if mode.startswith("cluster") or len(several) > 1:
        raw |= {"exec_mode": mode.removesuffix("_mode"), "instances": len(several)}
    _unwrap(raw)
    own, dropped = _own(env, shell)
    raw["env"] = own
    online = sum(_settings(each).get("status") == "online" for each in several)
    return Listed(raw, online, max(map(_memory, several)), dropped)


def _unwrap(raw: dict[str, object]) -> None:
    """Bring back what PM2 made of a script: `bash -c` of a whole line, and the interpreter that it chose itself."""
    args = raw.get("args")
    if (
        basename(as_text(raw["script"])) in ("bash", "sh")
        and isinstance(args, list)
        and args[:1] == ["-c"]
        and len(args) > 1
    ):
        raw["script"] = as_text(args[1])
        raw.pop("args")
        raw.pop("exec_interpreter", None)
        return
    cwd = as_text(raw.get("cwd") or "/").rstrip("/") + "/"
    script = as_text(raw["script"])
    raw["script"] = script.removeprefix(cwd)
    usual = {".js": "node", ".py": "python3", ".sh": "bash", ".rb": "ruby", ".php": "php"}
    if usual.get(script[script.rfind(".") :]) == raw.get("exec_interpreter"):
        raw.pop("exec_interpreter")


def _own(env: Mapping[str, object], shell: Mapping[str, str]) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return the variables that are likely the app's own, and the names of the rest, which the shell had."""
    found = env.get("env")
    table = found if isinstance(found, Mapping) else dict(_beside(env))
    name = as_text(env.get("name"))
    own, dropped = {}, []
    for key, value in table.items():
        if _SHELL.fullmatch(key) or shell.get(key) == as_text(value):
            dropped.append(key)
        elif key != name:  # PM2 adds an empty object under the app's own name
            own[key] = value
    return own, tuple(sorted(dropped))


def _beside(env: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    """Yield the variables of an entry that has them beside its settings."""
    return ((key, value) for key, value in env.items() if re.fullmatch("[A-Z][A-Z0-9_]*", key))


def _memory(each: Mapping[str, object]) -> int:
    monit = each.get("monit")
    found = monit.get("memory") if isinstance(monit, Mapping) else None
    return found if isinstance(found, int) else 0
