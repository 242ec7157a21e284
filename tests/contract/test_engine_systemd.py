"""The systemd unit, read back word by word and by systemd itself where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.adapters import templates
from procman.core.manifest import Stop
from procman.engines.systemd import STOP_MARGIN, Boot, pages
from tests.support.values import spec

BOOT = Boot("/opt/procman/bin/procman", "/srv/app/procman.yaml", "/var/lib/procman", None)
UNIT = """\
# Rendered by procman. \
Copy to /etc/systemd/system/, then: systemctl daemon-reload && systemctl enable --now procman-tiwater
# The death of the manager takes its services with it, so systemd starts it again.

[Unit]
Description=procman project tiwater
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
Environment="PROCMAN_HOME=/var/lib/procman"
ExecStart="/opt/procman/bin/procman" up --foreground --file "/srv/app/procman.yaml"
Restart=always
RestartSec=1
KillMode=mixed
Delegate=yes
TimeoutStopSec=35

[Install]
WantedBy=multi-user.target
"""
HOSTILE = (
    *("a b", " a ", "%h", "100%%", "$HOME", "${HOME}", "$$", "a'b", 'a"b', "a\\b", "a\\", "a\\x41"),
    *(";", "a;b", "#a", "-a", "@a", "!a", "ümläut", "日本", "{{ x }}", "*?[x]", "a=b"),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0/"), max_size=10).filter(str.isprintable)
WORDS |= st.sampled_from(HOSTILE)
TOOLS = WORDS.filter(lambda word: not set(word) & set("\"'\\"))
verified = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def unit(boot: Boot, *stops: float) -> str:
    """Return the unit file of a project whose services take so many seconds to stop."""
    specs = tuple(spec("api", i, stop=Stop(seconds)) for i, seconds in enumerate(stops))
    (sheet,) = templates.render(pages("tiwater", specs, boot))
    assert ("procman-tiwater.service", 0o644) == (sheet.path, sheet.mode)
    return sheet.content.decode()


def words(line: str, *, dollars: bool) -> list[str]:
    """Return the words of a value: systemd.syntax(7) on quotes, systemd.unit(5) on %, systemd.service(5) on $."""
    found: list[str] = []
    for quoted, plain in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        word = re.sub(r"\\(.)", r"\1", quoted or plain)
        assert re.fullmatch(r"(?:[^%]|%%)*", word), "a lone % is a specifier"
        word = word.replace("%%", "%")
        if dollars and found:
            assert re.fullmatch(r"(?:[^$]|\$\$)*", word), "a lone $ is a variable"
            word = word.replace("$$", "$")
        found.append(word)
    return found


def value(text: str, key: str) -> str:
    """Return the one value of `key`."""
    (found,) = re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)
    assert isinstance(found, str)
    return found


def test_unit_is_this_file() -> None:
    """The unit starts `up --foreground` again whenever it ends, and leaves stopping to the manager first."""
    assert UNIT == unit(BOOT, 10.0, 20.0)


def test_user_is_named_when_there_is_one() -> None:
    """Without a user the unit runs as root; with one it says so in one line."""
    assert UNIT.replace("Type=exec\n", "Type=exec\nUser=1000\n") == unit(replace(BOOT, user="1000"), 20.0)


@given(st.lists(st.floats(0, 604800), max_size=4))
def test_stop_time_is_above_the_longest_stop(stops: list[float]) -> None:
    """Systemd waits longer than the slowest service may take, so that it never kills what still stops in order."""
    assert max(stops, default=0) + STOP_MARGIN <= float(value(unit(BOOT, *stops), "TimeoutStopSec"))


@given(TOOLS, WORDS, WORDS)
def test_paths_come_back_from_the_unit(tool: str, project: str, home: str) -> None:
    """Spaces, quotes, backslashes, % and $ in paths are read back as they are."""
    text = unit(Boot(f"/opt/{tool}/procman", f"/srv/{project}/procman.yaml", f"/var/{home}", None))
    expected = [f"/opt/{tool}/procman", "up", "--foreground", "--file", f"/srv/{project}/procman.yaml"]
    assert expected == words(value(text, "ExecStart"), dollars=True)
    assert [f"PROCMAN_HOME=/var/{home}"] == words(value(text, "Environment"), dollars=False)


@pytest.mark.parametrize("field", ["procman", "manifest", "home"])
@pytest.mark.parametrize("path", ["/a\nb", "/a\tb", "/\udcff", "/\x1b[0m", "/\u2028"])
def test_control_characters_are_refused(field: str, path: str) -> None:
    """A line end in a path would be a line of the unit; it is a ValueError."""
    with pytest.raises(ValueError, match="cannot stand in a unit file"):
        unit(replace(BOOT, **{field: path}))


@pytest.mark.parametrize("path", ["/a'b/procman", '/a"b/procman', "/a\\b/procman"])
def test_program_that_systemd_would_refuse_is_refused(path: str) -> None:
    """No quoting makes systemd take a program with a quote or a backslash in its path."""
    with pytest.raises(ValueError, match="cannot be a program in a unit file"):
        unit(replace(BOOT, procman=path))


def verify(folder: Path, text: str) -> tuple[int, str]:
    """Return the exit code of `systemd-analyze verify` on a unit, and what it says of it."""
    file = folder / "procman-tiwater.service"
    file.write_text(text, encoding="utf-8")
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, "".join(line for line in done.stderr.splitlines() if "procman-tiwater" in line)


@verified
@pytest.mark.parametrize("name", HOSTILE)
def test_systemd_finds_the_program_and_has_no_complaint(name: str, tmp_path: Path) -> None:
    """With a program, a manifest and a home in a folder of any name, systemd finds the program and says nothing."""
    folder = tmp_path / name
    folder.mkdir()
    tool = tmp_path / re.sub(r"[\"'\\]", "_", name)
    tool.mkdir(exist_ok=True)
    (tool / "procman").symlink_to("/bin/true")
    boot = Boot(f"{tool}/procman", f"{folder}/procman.yaml", f"{folder}/home", "0")
    assert (0, "") == verify(tmp_path, unit(boot, 10.0))


@verified
@pytest.mark.parametrize(
    ("good", "bad"),
    [('ExecStart="/bin/true"', 'ExecStart="/no/such/procman"'), ("TimeoutStopSec=", "TimeoutStopSec=x")],
)
def test_the_verifier_sees_a_fault(good: str, bad: str, tmp_path: Path) -> None:
    """A program that is not there and a value that is none do not pass: the check can fail."""
    text = unit(replace(BOOT, procman="/bin/true"), 10.0)
    assert good in text
    code, said = verify(tmp_path, text.replace(good, bad))
    assert code != 0 or said
