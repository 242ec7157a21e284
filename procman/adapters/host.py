"""What this host says of a manifest: programs, folders, users and env_files. Looks only; rules judge."""

from __future__ import annotations

import os
import pwd
import resource
import stat

from procman import runtime
from procman.core.argv import PACKAGE_RUNNERS, calls
from procman.core.facts import Facts, Former, ServiceFacts
from procman.core.manifest import Manifest, Service
from procman.core.places import UnixSocket, located
from procman.runtime import own_names

PRELOADS = os.path.join(os.path.dirname(runtime.__file__), "preload")  # noqa: PTH118, PTH120
"""What is loaded before a service so that it takes its address and drains."""

_SHEBANG_BYTES = 256
_NEVER = Former()

EnvFile = tuple[dict[str, str], str | None]


def facts(manifest: Manifest, env_files: dict[str, EnvFile], path: str, former: Former = _NEVER) -> Facts:
    """Return the host's facts for each service. `path` is the PATH to search; `env_files` what was read of each."""
    return Facts(
        services={
            s.name: _service(s, manifest.base, env_files.get(s.env_file or ""), path, former) for s in manifest.services
        },
        known=own_names.known(),
        open_files=_open_files(),
        root=os.geteuid() == 0,
    )


def _service(service: Service, base: str, read: EnvFile | None, path: str, former: Former) -> ServiceFacts:
    directory = os.path.normpath(os.path.join(base, service.directory))  # noqa: PTH118 - no look at links
    user = _user(service.user)
    variables, fault = read or ({}, None)
    search = dict(service.env).get("PATH") or variables.get("PATH") or path
    before = former.programs.get(service.name, {})

    def found(word: str) -> str | None:
        known = before.get(word) if former.used else None
        return known if known and _runs(known) else _executable(word, directory, search)

    executable = found(service.command[0])
    last = None if executable else before.get(service.command[0])
    owners = {owner: ids for owner in _owners_of(service) if (ids := _ids(owner)) is not None}
    return ServiceFacts(
        directory=directory,
        directory_exists=os.path.isdir(directory),  # noqa: PTH112
        executable=executable,
        home=user.pw_dir if user else "/",
        user=user.pw_name if user else None,
        user_known=user is not None and (service.user is None or os.geteuid() in (0, user.pw_uid)),
        variables=tuple(variables.items()),
        env_file_fault=fault,
        env_file_mode=_mode(os.path.join(base, service.env_file)) if service.env_file else None,  # noqa: PTH118
        directory_mode=_mode(directory),
        executable_mode=_mode(executable) if executable else None,
        script=_script(service.command, directory),
        interpreter=_interpreter(executable) if executable and (service.places or _speaks(service)) else None,
        preloads=PRELOADS if service.places or _speaks(service) else "",
        preloads_readable=service.user is None or user is None or user.pw_uid == os.geteuid() or _open_to_all(PRELOADS),
        preloads_open=not service.places or _open_to_all(PRELOADS),
        places=tuple(located(place, base, owners) for place in service.listens),
        owners_unknown=tuple(owner for owner in _owners_of(service) if owner not in owners),
        probes=tuple(
            (key, found(probe.command[0]))
            for key, probe in (("ready", service.ready), ("alive", service.alive))
            if probe is not None and probe.command
        ),
        former=last if last and _runs(last) else None,
    )


def _speaks(service: Service) -> bool:
    return service.ready is not None and service.ready.ipc


def _owners_of(service: Service) -> list[str]:
    return [place.owner for place in service.listens if isinstance(place, UnixSocket) and place.owner is not None]


def _ids(owner: str) -> tuple[int, int] | None:
    """Return the ids of ``USER`` or ``USER:GROUP``, or None when this host does not know them."""
    import grp  # noqa: PLC0415 - few manifests name the owner of a socket

    user, colon, group = owner.partition(":")
    try:
        entry = pwd.getpwnam(user)
        return entry.pw_uid, grp.getgrnam(group).gr_gid if colon else entry.pw_gid
    except KeyError:
        return None


def _user(name: str | None) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwuid(os.geteuid()) if name is None else pwd.getpwnam(name)
    except KeyError:
        return None


def _executable(word: str, directory: str, path: str) -> str | None:
    if "/" in word:
        word = os.path.normpath(os.path.join(directory, word))  # noqa: PTH118
        return word if _runs(word) else None
    # Not shutil.which, which loads four decompressors; an empty entry of PATH is the folder that one is in.
    entries = path.split(os.pathsep) if path else []
    places = (os.path.join(directory, entry, word) for entry in entries)  # noqa: PTH118
    return next((place for place in places if _runs(place)), None)


def _interpreter(path: str) -> str | None:
    """Return the bare name of what the first line of `path` names, as ``node`` of ``#!/usr/bin/env node``; or None."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            line = file.read(_SHEBANG_BYTES).partition(b"\n")[0]
    except OSError:
        return None
    words = line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []
    found = calls(tuple(words)) if words else ()
    return found[-1].name if found else None


def _open_to_all(path: str) -> bool:
    """Tell whether every account can read what lies in the folder `path`."""
    while True:
        mode = _mode(path)
        if mode is None or not mode & stat.S_IXOTH:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)  # noqa: PTH120


def _runs(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)  # noqa: PTH113


def _open_files() -> int | None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return None if hard == resource.RLIM_INFINITY else hard


def _mode(path: str) -> int | None:
    """Return the permission bits of what is at `path` in the end, or None."""
    try:
        return stat.S_IMODE(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return None


def _script(command: tuple[str, ...], directory: str) -> str | None:
    """Return what package.json says of the script that ``npm run NAME`` and its kin run, or None."""
    words = [word for word in command[1:] if word != "run" and not word.startswith("-")]
    if os.path.basename(command[0]) not in PACKAGE_RUNNERS or not words:  # noqa: PTH119
        return None
    from procman.adapters import package_json  # noqa: PLC0415 - only commands that name a script need it

    said = package_json.table(package_json.read(directory), "scripts").get(words[0])
    return said if isinstance(said, str) and said.isprintable() else None
