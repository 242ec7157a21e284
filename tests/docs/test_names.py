"""No page, recipe, template, example or message installs what is called `procman` on PyPI: it is not ours."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.docs.installers import OURS, requirements, strangers
from tests.docs.pages import PAGES, ROOT, name

PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = frozenset(PROJECT["optional-dependencies"])
PUBLISHED = "Private :: Do Not Upload" not in PROJECT["classifiers"]
FOLDERS = (".ci", "bench", "examples", "procman", "requirements", "scripts", "templates")
LEFT_OUT = {"node_modules", "__pycache__", "run"}


def read() -> Iterator[tuple[Path, str]]:
    """Yield whatever a user may copy a command from, with its text."""
    inside = (path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))
    top = (path for path in ROOT.iterdir() if path.name not in ("uv.lock", ".venv.lock"))
    for path in sorted({*PAGES, *inside, *top}):
        if path.is_file() and not LEFT_OUT & set(path.relative_to(ROOT).parts[:-1]):
            yield path, path.read_text(encoding="utf-8")


def test_nothing_installs_what_is_not_ours() -> None:
    """Every command that installs names a place: a checkout, or an address, and never the bare name."""
    found = {name(path): wrong for path, text in read() if (wrong := strangers(text, EXTRAS, published=PUBLISHED))}
    assert found == {}


def test_what_is_read_is_what_there_is() -> None:
    """Recipes, the action, the hooks, messages and templates are among what is read."""
    wanted = {"README.md", "docs/ci.md", "action.yml", ".pre-commit-hooks.yaml", "examples/tiwater/broker.py"}
    wanted |= {"procman/adapters/database.py", "templates/consumer/procman.yaml.j2", "pyproject.toml", ".ci/run"}
    assert wanted <= {name(path) for path, _ in read()}


@pytest.mark.parametrize(
    "command",
    [
        "pip install procman",
        "pip install -U procman",
        "pip install --upgrade 'procman'",
        'pip3 install "procman[verify]"',
        "pip3.12 --quiet install --no-deps Procman==0.1.0",
        "pip  install   procman>=0.1",
        "pip install paho-mqtt procman",
        "never pip install procman, nor anything else",
        "pip install \\\n    --quiet procman",
        "pip download procman",
        "pip install 'procman @ git+https://git.example/procman'",
        "python -m pip install procman",
        ".venv/bin/python -m pip install procman~=0.1",
        "subprocess.run([python, '-m', 'pip', 'install', 'procman'])",
        'run("pip", "install", "-U", "procman[mqtt]")',
        "uv pip install procman",
        "uv add procman",
        "uv tool install procman",
        "uv tool run procman validate",
        "uvx procman validate",
        "uvx procman@latest validate",
        "uvx --from procman procman validate",
        "pipx run procman validate",
        "pipx run --spec procman procman validate",
        "pipx run --spec='procman[verify]==0.1.0' procman verify",
        "pipx install procman",
        "pipx install procman-supervisor",
        "pipx inject procman paho-mqtt",
        "pipx upgrade procman",
        "poetry add procman",
        "pip install procman-supervisor",
        "pip install -U 'procman_supervisor[verify]'",
        "pip install Procman.Supervisor==0.1.0",
        "uvx procman-supervisor",
        "it needs `procman[verify]`",
        "dependencies = ['procman[demo]', 'x']",
        "additional_dependencies: [procman==0.1.0]",
        "procman >= 0.1",
    ],
)
def test_every_spelling_of_a_stranger_is_seen(command: str) -> None:
    """Negative control: quotes, options, extras, versions, argument lists and other installers hide nothing."""
    assert strangers(command, EXTRAS) != []


@pytest.mark.parametrize(
    "command",
    [
        "pip install .",
        "pip install '.[verify]'",
        "pip install -e '../..[demo]' paho-mqtt",
        'pip install "procman-supervisor[verify] @ git+https://git.example/procman@v0.1.0"',
        "pip install procman-supervisor@git+https://git.example/procman",
        "pip install ./procman_supervisor-0.1.0-py3-none-any.whl",
        "pip uninstall procman",
        "pip show procman-supervisor",
        "pip install supervisor && procman up",
        "pip install supervisor; procman up",
        "`pip install supervisor` lets procman run",
        'pipx run --spec "procman-supervisor @ git+https://git.example/procman" procman validate',
        "uvx --from git+https://git.example/procman procman validate",
        "pipx inject procman-supervisor paho-mqtt",
        "pipx upgrade procman-supervisor",
        "tests[procman]",
        "names = {'procman': 1}",
        "procman up",
    ],
)
def test_what_names_its_place_is_let_pass(command: str) -> None:
    """A checkout, a file, an address, an environment of pipx and the command itself are no index."""
    assert strangers(command, EXTRAS) == []


def test_once_published_the_name_alone_will_do() -> None:
    """Without the classifier that PyPI refuses, recipes may be short; the stranger's name stays forbidden."""
    assert strangers("pip install procman-supervisor", EXTRAS, published=True) == []
    assert strangers("pip install procman", EXTRAS, published=True) != []


def test_addresses_are_those_of_the_metadata() -> None:
    """What is installed by an address, and the repository of the hooks, is the project's own place and name."""
    source = PROJECT["urls"]["Source"]
    texts = [text for _, text in read()]
    wanted = [one.text for text in texts for one in requirements(text) if "://" in one.text]
    assert wanted, "no recipe names an address"
    for text in wanted:
        asked = Requirement(text)
        assert (asked.name, (asked.url or "").partition("@")[0]) == (OURS, f"git+{source}")
    named = {found for text in texts for found in re.findall(r"(?:repo: |\+)(https://[^\s@\"'`]+)", text)}
    assert named == {source}
    assert all(url.startswith(source) for url in PROJECT["urls"].values())


def test_a_place_that_is_nobodys_cannot_be_published() -> None:
    """While the address is a placeholder, the package carries the classifier that PyPI refuses."""
    nobodys = re.match(r"https://[^/]+\.example/", PROJECT["urls"]["Source"]) is not None
    assert nobodys is not PUBLISHED
