"""The environment that this procman runs in, as its installer left it, and what is missing in it. Installs nothing."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec

from procman.core.checks import Unknown
from procman.core.installation import Installation, Installer, Need


def this() -> Installation:
    """Return the environment of the Python that runs."""
    import sysconfig  # noqa: PLC0415 - for a message, in a module that every command loads

    prefix, python = sys.prefix, sys.executable or "python3"
    own = prefix != sys.base_prefix
    managed = not own and os.path.isfile(os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED"))  # noqa: PTH113, PTH118
    # Without a right to write, pip goes on in the user's own folder, but only outside of virtual environments.
    root = own and not os.access(sysconfig.get_path("purelib"), os.W_OK)
    folder, name = os.path.split(prefix)
    # `pipx run` keeps its environments elsewhere, under names that `pipx inject` does not know.
    if _has(prefix, "pipx_metadata.json") and os.path.basename(folder) == "venvs":  # noqa: PTH119
        return Installation(python, Installer.PIPX, name, root)
    if find_spec("pip") is not None:
        return Installation(python, Installer.PIP, "", root, managed)
    return Installation(python, Installer.UV if _made_by_uv(prefix) else Installer.OTHER, "", root, managed)


def demand(purpose: str, *needs: Need) -> None:
    """Import what is needed; Unknown where something is missing, with the command that adds all of it here.

    `purpose`: what cannot be done then, such as ``no broker can be asked``.
    """
    faults = [(need, fault) for need in needs if (fault := _fault(need))]
    if faults:
        reason = " and ".join(fault for _, fault in faults)
        raise Unknown(f"{reason}, so {purpose}", this().adding(*(need.requirement for need, _ in faults)))


def _fault(need: Need) -> str:
    try:
        if hasattr(import_module(need.module), need.name):
            return ""
        error = f"it has no {need.name}"
    except ImportError as failed:
        error = str(failed).partition("\n")[0]
    version = _version(need.package)
    if version is None:
        return f"{need.package} is not installed"
    return f"{need.package} {version} will not do, {need.requirement} would ({error})"


def _version(package: str) -> str | None:
    from importlib import metadata  # noqa: PLC0415 - tens of milliseconds, for a message

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _made_by_uv(prefix: str) -> bool:
    if _has(prefix, "uv-receipt.toml"):
        return True
    try:
        with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
            return any(line.startswith("uv =") for line in file)
    except OSError:
        return False


def _has(folder: str, name: str) -> bool:
    return os.path.isfile(os.path.join(folder, name))  # noqa: PTH113, PTH118
