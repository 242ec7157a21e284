"""A first manifest from what lies in a folder: it is good, explains itself, and writes over nothing."""

import json
from pathlib import Path

import pytest

from tests.support.commands import procman
from tests.support.projects import Done, ended

PACKAGE = {"name": "shop", "scripts": {"start": "node index.js", "worker": "node worker.js"}, "dependencies": {}}


def init(folder: Path, *args: str) -> Done:
    """Run `procman init` in `folder`."""
    return procman(folder, "init", *args)


@pytest.fixture(name="folder")
def _folder(tmp_path: Path) -> Path:
    (tmp_path / "package.json").write_text(json.dumps(PACKAGE), encoding="utf-8")
    for name in ("index.js", "worker.js"):
        (tmp_path / name).write_text("require('http').createServer()\n", encoding="utf-8")
    return tmp_path


def test_it_is_written_and_plans(folder: Path) -> None:
    """The manifest validates and plans as it is, and says why each kind is what it is."""
    ended(init(folder, "--dry-run"), 0)
    assert not (folder / "procman.yaml").exists()
    ended(init(folder), 0, "wrote procman.yaml from package.json: shop (scalable), worker (singleton)")
    text = (folder / "procman.yaml").read_text(encoding="utf-8")
    assert "# scalable: index.js creates a server\n" in text
    assert "# singleton: its name says 'worker'\n" in text
    ended(procman(folder, "validate"), 0)
    ended(procman(folder, "plan"), 0, "shop: fits")


def test_scripts_read_what_it_would_write(folder: Path) -> None:
    """--json has the manifest, where it comes from, and each service with its kind and why; nothing with --dry-run."""
    document = ended(init(folder, "--dry-run", "--json"), 0).json()
    assert not (folder / "procman.yaml").exists()
    assert (document["schema_version"], document["path"], document["written"]) == (1, "procman.yaml", [])
    assert document["source"] == "package.json"
    assert [(s["service"], s["kind"]) for s in document["services"]] == [("shop", "scalable"), ("worker", "singleton")]
    written = ended(init(folder, "--json"), 0).json()
    assert written["written"] == ["procman.yaml"]
    assert written["manifest"] == document["manifest"] == (folder / "procman.yaml").read_text(encoding="utf-8")
    assert ended(init(folder, "--json"), 1).json()["error"]["code"] == 1


@pytest.mark.parametrize("dry", [True, False])
def test_scripts_read_which_files_a_consumer_is(tmp_path: Path, dry: bool) -> None:
    """--consumer names what was written, the manifest among it."""
    document = ended(init(tmp_path, "--consumer", "python", "--json", *(["--dry-run"] if dry else [])), 0).json()
    assert document["path"] == "consumer/procman.yaml"
    assert all((tmp_path / name).is_file() for name in document["written"])
    assert ("consumer/procman.yaml" in document["written"]) is not dry


def test_it_writes_over_nothing_unasked(folder: Path) -> None:
    """A manifest that is there stays until --force, and a link that leads nowhere counts as there."""
    (folder / "procman.yaml").symlink_to(folder / "elsewhere")
    ended(init(folder), 1, "is there already", "--force")
    assert not (folder / "elsewhere").exists()
    ended(init(folder, "--force"), 0)
    assert not (folder / "procman.yaml").is_symlink()


def test_an_ecosystem_file_says_it_best(folder: Path) -> None:
    """What PM2 was told comes before what package.json says, and the way to the whole report is named."""
    (folder / "ecosystem.json").write_text('[{"name": "mqtt", "script": "in.js", "instances": 2}]', encoding="utf-8")
    ended(
        init(folder), 0, "wrote procman.yaml from ecosystem.json: mqtt (singleton)", "procman import pm2 ecosystem.json"
    )


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "nothing in . says what runs"),
        ({"package.json": "{"}, "package.json cannot be read"),
        ({"pyproject.toml": "["}, "pyproject.toml cannot be read"),
        ({"package.json": "[]", "pyproject.toml": "[project]"}, "no script that starts something"),
        ({"package.json": "[" * 100_000}, "package.json cannot be read"),
    ],
)
def test_what_says_nothing_is_refused(tmp_path: Path, files: dict[str, str], words: str) -> None:
    """1, with the reason; nothing is written."""
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    ended(init(tmp_path), 1, words)
    assert not (tmp_path / "procman.yaml").exists()


def test_a_folder_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    """2, with its name."""
    ended(init(tmp_path, "gone"), 2, "there is no folder gone")
