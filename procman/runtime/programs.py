"""Which program a command really runs, as the kernel resolves it: the keys by which two starts of it meet.

The script counts, not what starts it: ``python3 consumer.py`` in its folder is ``nice /usr/bin/python3.11 -u
/srv/consumer.py``. A key is a digest of what comes after the script, and one form of the script: its real path, its
path as it is written (a link that a release moves), its inode (a hard link, a bind mount), each on its file system.
"""

import posix

STARTERS = frozenset(
    (
        *("python", "pypy", "node", "nodejs", "bun", "deno", "ruby", "perl", "php", "lua", "java", "tsx", "ts-node"),
        *("sh", "bash", "dash", "zsh", "ksh", "ash", "env", "nice", "ionice", "nohup", "setsid", "stdbuf", "timeout"),
        *("taskset", "chrt", "time", "tini", "dumb-init", "sudo", "doas"),
    )
)
"""What only starts the next file among its words: interpreters, and programs that change how another one runs."""

INLINE = frozenset(("-c", "-e", "-m", "--eval"))
"""Options whose value is the program itself: what comes after them is no script."""

SILENT = frozenset(
    (
        *("HOME", "LANG", "PATH", "USER", "LOGNAME", "SHLVL", "PWD", "OLDPWD", "_", "INIT_CWD", "LC_CTYPE"),
        *("NODE_OPTIONS", "PYTHONPATH", "NOTIFY_SOCKET", "WATCHDOG_USEC"),
    )
)
FAMILIES = ("PROCMAN_", "LISTEN_", "SUPERVISOR_", "npm_")
"""Variables that say where a program runs and who started it, not what it does."""

_REGULAR, _TYPE = 0o100000, 0o170000


def keys(argv: list[str], directory: str) -> frozenset[str]:
    """Return the keys of the command `argv` in `directory`; none when its program cannot be found."""
    files = [_file(word, directory) for word in argv]
    at = _script(argv, files) if _family(argv[0]) in STARTERS else 0
    script = files[at]
    if script is None:
        return frozenset()
    settings = [word for word in argv[1:at] if "=" in word and not word.startswith("-")]
    words = [file[0] if file else word for word, file in zip(argv[at + 1 :], files[at + 1 :], strict=True)]
    if _is_tool(argv[at], script=at > 0):
        words.append(_real(directory))
    digest = _digest([*settings, *words])
    return frozenset(f"{digest} {form}" for form in script)


def differ(mine: dict[str, str], theirs: bytes) -> bool | None:
    """Tell whether the environment `theirs` (of `procfs.environ`) tells another service; None: that cannot be known."""
    if b"\0PROCMAN_UNIT=" not in theirs:
        return None  # another user's, or a launcher that is not yet what it starts
    pairs = (part.decode("utf-8", "surrogateescape").partition("=") for part in theirs.split(b"\0") if part)
    return _telling(mine) != _telling({name: value for name, _, value in pairs})


def _telling(variables: dict[str, str]) -> dict[str, str]:
    return {n: v for n, v in variables.items() if n not in SILENT and not n.startswith(FAMILIES)}


def _script(argv: list[str], files: list[list[str] | None]) -> int:
    """Return where the first file stands that is no starter itself; 0 when there is none."""
    for at in range(1, len(argv)):
        if argv[at] in INLINE:
            return 0
        if files[at] and _family(argv[at]) not in STARTERS:
            return at
    return 0


def _family(word: str) -> str:
    """Return the kind of program: ``python`` for /usr/bin/python3.11."""
    name = word.rpartition("/")[2]
    return name.rstrip("0123456789.").rstrip("-") or name


def _file(word: str, directory: str) -> list[str] | None:
    """Return every form of the regular file that `word` names, the real path first; None when it names none."""
    if not word or word.startswith("-"):
        return None
    path = _plain(word if word.startswith("/") else f"{directory}/{word}")
    try:
        descriptor = posix.open(path.encode("utf-8", "surrogateescape"), posix.O_PATH | posix.O_CLOEXEC)
    except (OSError, ValueError):
        return None
    try:
        found = posix.fstat(descriptor)
        real = posix.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return None
    finally:
        posix.close(descriptor)
    if found.st_mode & _TYPE != _REGULAR:
        return None
    return [f"{form} on {found.st_dev:x}" for form in dict.fromkeys((real, path, f"inode {found.st_ino}"))]


def _plain(path: str) -> str:
    """Return `path` without empty levels and ``.``; ``..`` stays, since a link may stand before it."""
    return "/" + "/".join(level for level in path.split("/") if level not in ("", "."))


def _real(directory: str) -> str:
    try:
        descriptor = posix.open(directory.encode("utf-8", "surrogateescape"), posix.O_PATH | posix.O_CLOEXEC)
    except OSError:
        return directory
    try:
        return f"{posix.readlink(f'/proc/self/fd/{descriptor}')} on {posix.fstat(descriptor).st_dev:x}"
    except OSError:
        return directory
    finally:
        posix.close(descriptor)


def _is_tool(program: str, *, script: bool) -> bool:
    """Tell whether many projects share `program`, as they do npm: then the folder it runs in says what it does."""
    folder, _, name = program.rpartition("/")
    return folder.rpartition("/")[2] in ("bin", "sbin", ".bin") and not (script and "." in name)


def _digest(words: list[str]) -> str:
    from _blake2 import blake2b  # noqa: PLC0415 - hashlib loads OpenSSL, which is 5 ms

    return blake2b("\0".join(words).encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
