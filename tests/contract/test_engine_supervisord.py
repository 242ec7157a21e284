"""The supervisord file, read back by supervisord's own parser."""

from __future__ import annotations

import math
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from supervisor.datatypes import RestartUnconditionally
from supervisor.options import ServerOptions

from procman.adapters import state as states
from procman.adapters import templates
from procman.core.dependencies import from_text as from_needs
from procman.core.diff import Wanted
from procman.core.errors import WrongUse
from procman.core.lifecycle import Policy
from procman.core.manifest import Kind, Stop
from procman.core.restart import from_text
from procman.core.sheet import Sheet
from procman.core.spec import decode, encode
from procman.engines.supervisord import Place, ini_value, pages, spec_path, spec_sheets
from tests.support.values import spec, specs

FEW = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
PLACE = Place("/state", "/usr/bin/python3", "/opt/procman/launch.py")
GOOD = (
    *("%(here)s", "%", "100%%", "%(ENV_PATH)s", "a b", " a", "$HOME", "~", "a=b:c,d", "[program:x]", "{{ x }}"),
    *("ümläut", "日本", "-c", "!&|<>()*?"),
)
BAD = ("a ", "a;b", "a ;b", "a#b", "a'b", 'a"b', "a\\b", "a\nb", "\u00a0", "\u200b")
# What `checked` admits, and any name of a folder.
ADMITTED = st.sampled_from(GOOD) | st.text(
    st.characters(codec="utf-8", categories=("L", "N", "P", "S"), exclude_characters="/;#\"'\\"), min_size=1, max_size=9
)
FOLDERS = ADMITTED | st.sampled_from(BAD)
FOLDERS |= st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1, max_size=9)
ADMITTED = ADMITTED.filter(lambda name: name not in (".", ".."))
FOLDERS = FOLDERS.filter(lambda name: name not in (".", ".."))
WANTED = st.lists(
    st.builds(Wanted, specs(), st.booleans()), min_size=1, max_size=3, unique_by=lambda want: want.spec.unit
).map(tuple)


class Options(ServerOptions):  # type: ignore[misc] # published without types
    """Supervisord's parser, which would end the process on a fault."""

    def usage(self, msg: str) -> None:
        """Fail the test with what supervisord would say."""
        raise AssertionError(msg)


@contextmanager
def folder(name: str) -> Iterator[str]:
    """Yield the path of a new state directory called `name`, as short as a socket's path must be."""
    with tempfile.TemporaryDirectory(prefix="p", dir="/tmp") as base:
        state = Path(base, name)
        (state / "logs").mkdir(parents=True)
        yield str(state)


def read(sheet: Sheet, state: str) -> ServerOptions:
    """Return what supervisord makes of the rendered file."""
    path = Path(state, sheet.path)
    path.write_bytes(sheet.content)
    options = Options()
    options.realize(["-c", str(path)], doc="")
    assert options.parse_warnings == []
    return options


def rendered(wanted: tuple[Wanted, ...], place: Place) -> tuple[ServerOptions, dict[str, bytes]]:
    """Return the parsed supervisord file of `wanted`, and the spec files by their absolute paths."""
    (sheet,) = templates.render(pages("tiwater", wanted, place))
    files = {f"{place.state}/{spec_sheet.path}": spec_sheet.content for spec_sheet in spec_sheets(wanted)}
    return read(sheet, place.state), files


def programs(options: ServerOptions) -> list[Any]:
    """Return the programs in the order of the file; each is a group of its own, of its own name."""
    found = []
    for group in sorted(options.process_group_configs, key=lambda g: str(g.name)):
        (program,) = group.process_configs
        assert group.name == program.name
        found.append(program)
    return found


@FEW
@given(WANTED, ADMITTED, ADMITTED)
def test_specs_come_back_through_supervisords_parser(wanted: tuple[Wanted, ...], name: str, tool: str) -> None:
    """What the launcher will read by the parsed command is exactly what was wanted, whatever the paths hold.

    For every state directory that `checked` admits; the interpreter and the launcher lie in folders of any kind.
    """
    with folder(name) as state:
        states.checked(state)
        place = Place(state, f"/opt/{tool}/python3", f"/opt/{tool}/launch.py")
        options, files = rendered(wanted, place)
    found = {}
    for program in programs(options):
        *launcher, path = shlex.split(program.command)
        assert [place.python, "-I", "-S", place.launcher] == launcher
        found[program.name] = files.pop(path)
    assert {want.spec.unit: encode(want.spec) for want in wanted} == found
    assert files == {}


@FEW
@given(FOLDERS)
def test_path_comes_back_or_is_refused(name: str) -> None:
    """A path that an ini cannot hold is a ValueError; it never becomes another path."""
    with folder(name) as state:
        try:
            options, _ = rendered((Wanted(spec(state=state)),), replace(PLACE, state=state))
        except ValueError:
            return
        (program,) = programs(options)
    assert (
        state,
        f"{state}/logs",
        f"{state}/logs/supervisord.log",
        f"{state}/supervisord.pid",
        f"{state}/logs/api-0.log",
        [f"{state}/sock"],
        spec_path(spec(state=state), state),
    ) == (
        options.directory,
        options.childlogdir,
        options.logfile,
        options.pidfile,
        program.stdout_logfile,
        [config["file"] for config in options.server_configs],
        shlex.split(program.command)[-1],
    )


@FEW
@given(FOLDERS)
def test_every_admitted_state_directory_can_be_rendered(name: str) -> None:
    """`checked` refuses, with an advice, all that the engine would refuse without one."""
    try:
        state = states.checked(f"/tmp/{name}").folder
    except WrongUse:
        return
    assert ini_value(state).replace("%%", "%") == state


@pytest.mark.parametrize("path", ["/a;b", "/a #b", "/a'b", '/a"b', "/a\\b", "/a\nb", "/a ", "/a\t", "/\udcff", "/\x1b"])
@pytest.mark.parametrize("field", ["state", "python", "launcher"])
def test_path_that_cannot_be_expressed_is_refused(field: str, path: str) -> None:
    """Comment signs, quotes, backslashes, control characters, bytes that are no text and a last space are refused."""
    with pytest.raises(ValueError, match="cannot stand in a supervisord file"):
        pages("tiwater", (Wanted(spec()),), replace(PLACE, **{field: path}))  # type: ignore[arg-type]


@FEW
@given(WANTED)
def test_each_instance_is_kept_as_its_spec_says(wanted: tuple[Wanted, ...]) -> None:
    """Start, stop, logs and restart policy of each instance are what its spec says, in whole seconds rounded up."""
    with folder("s") as state:
        options, _ = rendered(wanted, replace(PLACE, state=state))
    asked = {want.spec.unit: want for want in wanted}
    for program in programs(options):
        want = asked.pop(program.name)
        unit = want.spec
        assert want.run is program.autostart
        assert max(1, math.ceil(unit.start_time)) == program.startsecs
        assert max(1, math.ceil(unit.stop.timeout)) == program.stopwaitsecs
        assert f"SIG{unit.stop.signal}" == program.stopsignal.name
        assert (True, True, True) == (program.stopasgroup, program.killasgroup, program.redirect_stderr)
        assert f"{state}/logs/{unit.unit}.log" == program.stdout_logfile
        assert (unit.logs.size, unit.logs.keep) == (program.stdout_logfile_maxbytes, program.stdout_logfile_backups)
        policy = from_text(program.environment.pop("PROCMAN_RESTART"))
        assert policy == tuple(getattr(unit.restart, name) for name in policy._fields)
        assert from_needs(program.environment.pop("PROCMAN_DEPENDS", "")) == unit.depends_on
        assert {} == program.environment
        assert _starts_again(program) == unit.restart.policy
        assert unit.restart.policy is Policy.ALWAYS or sorted(set(unit.restart.codes)) == sorted(set(program.exitcodes))
        assert 0o022 == program.umask
    assert asked == {}


def _starts_again(program: Any) -> str:  # noqa: ANN401 - supervisord is published without types
    """Return the policy that supervisord itself goes by."""
    if not program.autorestart:
        return "never"
    return "always" if program.autorestart is RestartUnconditionally else "on-failure"


def test_manager_is_private_and_has_no_port() -> None:
    """One unix socket, 0700, no TCP port; what the manager writes is for its owner alone; nothing is cleaned away."""
    with folder("s") as state:
        options, _ = rendered((Wanted(spec()),), replace(PLACE, state=state))
        (server,) = options.server_configs
    assert (f"{state}/sock", 0o700) == (server["file"], server["chmod"])
    assert (True, 0o077, True, "procman-tiwater", None) == (
        options.nodaemon,
        options.umask,
        options.nocleanup,
        options.identifier,
        options.user,
    )
    assert ["supervisor", "procman"] == [name for name, _, _ in options.rpcinterface_factories]


def test_root_stays_root_without_a_warning() -> None:
    """Started by root the file says so, which is what supervisord wants to be told."""
    with folder("s") as state:
        (sheet,) = templates.render(pages("tiwater", (Wanted(spec()),), replace(PLACE, state=state, root=True)))
    assert [b"user = root"] == re.findall(rb"^user.*$", sheet.content, re.MULTILINE)


SECRETS = st.from_regex(r"s3cr3t-[a-z0-9]{8}", fullmatch=True)


@FEW
@given(st.lists(SECRETS, min_size=4, max_size=4, unique=True))
def test_no_argument_and_no_value_of_a_service_is_in_the_file(secrets: list[str]) -> None:
    """The supervisord file holds ids: arguments, variables, users and directories lie in the spec file, 0600."""
    held = spec(argv=("/bin/serve", f"--token={secrets[0]}"), env=(("TOKEN", secrets[1]),), directory=f"/{secrets[2]}")
    wanted = (Wanted(replace(held, user=secrets[3])),)
    (sheet,) = templates.render(pages("tiwater", wanted, PLACE))
    assert not re.search(rb"s3cr3t|TOKEN", sheet.content)
    (private,) = spec_sheets(wanted)
    assert [True] * 4 == [secret.encode() in private.content for secret in secrets]
    assert (0o600, 0o600) == (sheet.mode, private.mode)


def test_changing_a_count_changes_no_sibling() -> None:
    """The section of an instance and the name of its spec file are the same among two and among four."""

    def sections(count: int) -> list[str]:
        wanted = tuple(Wanted(spec("api", i, instances=count)) for i in range(count))
        (sheet,) = templates.render(pages("tiwater", wanted, PLACE))
        return sheet.content.decode().split("\n[program:")[1:]

    assert [part.strip() for part in sections(2)] == [part.strip() for part in sections(4)[:2]]


def test_spec_sheet_is_named_after_its_content() -> None:
    """The sheet lies where the command looks for it, and another content has another name."""
    wanted = Wanted(spec(kind=Kind.SINGLETON, stop=Stop(0.5)))
    (sheet,) = spec_sheets((wanted,))
    assert (f"/state/{sheet.path}", wanted.spec) == (spec_path(wanted.spec, "/state"), decode(sheet.content))
    (other,) = spec_sheets((Wanted(spec()),))
    assert sheet.path != other.path


def test_a_project_without_instances_is_still_a_manager() -> None:
    """A plan of nothing renders a manager of nothing."""
    with folder("s") as state:
        options, files = rendered((), replace(PLACE, state=state))
    assert ([], {}) == (programs(options), files)
