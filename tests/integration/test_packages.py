"""A hint names the command of this system, with the names that this system has for the packages."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.packages import SCRIPT

SHELLS = [shell for shell in (["sh"], ["dash"], ["bash"], ["busybox", "sh"]) if shutil.which(shell[0])]
TOOLS = ("sort", "tr")


@pytest.fixture(params=SHELLS, ids=" ".join)
def shell(request: pytest.FixtureRequest) -> list[str]:
    """A shell that scripts may meet as sh."""
    words: list[str] = request.param
    return [shutil.which(words[0]) or "", *words[1:]]


def system(folder: Path, *managers: str) -> Path:
    """A folder for PATH with these package managers, which nobody starts, and little else."""
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or "")
    for name in managers:
        (folder / name).write_text("#!/bin/sh\nexit 1\n")
        (folder / name).chmod(0o755)
    return folder


def hint(shell: list[str], path: Path, *packages: str, user: str = "0", release: str = "/dev/null") -> str:
    """What is said to the user with the id `user` on this system."""
    (path / "id").write_text(f"#!/bin/sh\necho {user}\n")
    (path / "id").chmod(0o755)
    variables = {"PATH": str(path), "OS_RELEASE": release}
    done = subprocess.run(
        [*shell, SCRIPT, "hint", *packages], env=variables, check=False, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("manager", "command"),
    [
        ("apt-get", "apt-get install faketime mariadb-server nginx-light npm systemd"),
        ("dnf", "dnf install libfaketime mariadb-server nginx npm systemd"),
        ("apk", "apk add libfaketime mariadb nginx npm"),
        ("pacman", "pacman -S libfaketime mariadb nginx npm systemd"),
        ("zypper", "zypper install libfaketime mariadb nginx npm systemd"),
    ],
)
def test_the_command_is_that_of_the_package_manager(
    manager: str, command: str, shell: list[str], tmp_path: Path
) -> None:
    """What is on PATH says whose command it is; what this system does not have at all is left out."""
    wanted = ("npm", "nginx-light", "mariadb-server", "systemd", "faketime")
    assert f"{command}\n" == hint(shell, system(tmp_path, manager), *wanted)


@pytest.mark.parametrize(
    ("release", "manager"),
    [
        ("ID=fedora\n", "dnf"),
        ('NAME="x y"\nID="rocky"\nID_LIKE="rhel centos fedora"\n', "dnf"),
        ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", "apt-get"),
    ],
)
def test_of_two_package_managers_the_systems_own_counts(
    release: str, manager: str, shell: list[str], tmp_path: Path
) -> None:
    """Another system's package manager can be installed as a program: os-release says whose system it is."""
    (tmp_path / "os-release").write_text(release)
    path = system(tmp_path, "apt-get", "dnf", "zypper")
    assert f"{manager} install tmux\n" == hint(shell, path, "tmux", release=str(tmp_path / "os-release"))


@pytest.mark.parametrize("managers", [(), ("apt-get", "dnf")], ids=["none", "two, of which none is known as its own"])
def test_an_unknown_system_is_told_the_names_alone(managers: tuple[str, ...], shell: list[str], tmp_path: Path) -> None:
    """A command that may not exist is not shown."""
    said = hint(shell, system(tmp_path, *managers), "mosquitto", "npm", release=str(tmp_path / "gone"))
    assert said == "install mosquitto npm with the package manager of this system\n"


def test_what_a_system_does_not_have_is_said(shell: list[str], tmp_path: Path) -> None:
    """Alpine has no systemd."""
    assert hint(shell, system(tmp_path, "apk"), "systemd") == "this system has no package for systemd\n"


@pytest.mark.parametrize(("tool", "prefix"), [("sudo", "sudo"), ("doas", "doas"), ("tmux", "sudo")])
def test_who_is_not_root_is_told_to_become_it(tool: str, prefix: str, shell: list[str], tmp_path: Path) -> None:
    """A root shell in a container often lacks sudo, and Alpine has doas."""
    path = system(tmp_path, "apk", tool)
    assert f"{prefix} apk add tmux\n" == hint(shell, path, "tmux", user="1000")


def test_debian_has_every_package_that_a_hint_names() -> None:
    """The names are looked for in the lists of this machine, where it has any."""
    names = "mosquitto nodejs npm nginx-light openssl postgresql mariadb-server strace systemd tmux faketime"
    names = f"{names} shellcheck python3 python3-venv util-linux iproute2 wrk"
    asked = [str(SCRIPT), "named", "apt-get", *names.split()]
    named = subprocess.run(asked, check=True, capture_output=True, text=True, timeout=60).stdout.split()
    if shutil.which("apt-cache") is None:
        pytest.skip("apt-cache is not here: not a Debian")
    listed = subprocess.run(
        ["apt-cache", "pkgnames"], check=True, capture_output=True, text=True, timeout=60
    ).stdout.split()
    if len(listed) < 10_000:
        pytest.skip("no lists of packages on this machine: apt-get update gets them")
    assert sorted(named) == sorted(set(named) & set(listed))
