"""Every command that README and guide show is run, in order, in a copy of the example; what they show is what is said.

Numbers and gaps may differ (pids, times, the RAM of this machine), and a page may leave lines out.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from procman.core.status import State
from tests.docs.pages import GUIDE, README, ROOT, Shown, fences, name, shown
from tests.support.tiwater import free_port, need

pytestmark = pytest.mark.slow


@dataclass(frozen=True, slots=True)
class Site:
    """A copy of the example with a home, a broker and ports of its own."""

    folder: Path
    environment: dict[str, str]

    def run(self, words: str) -> subprocess.CompletedProcess[str]:
        """Run `procman WORDS` as a shell would, output and errors in one."""
        return subprocess.run(
            ["sh", "-c", f"procman {words}"],
            cwd=self.folder,
            env=self.environment,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
        )


@pytest.fixture
def site() -> Iterator[Site]:
    """A site in a short path, since a unix socket lies in it; everything in it is down afterwards."""
    need("mosquitto", "mosquitto")
    with tempfile.TemporaryDirectory(prefix="procman-") as top:
        folder = Path(top) / "tiwater"
        shutil.copytree(
            ROOT / "examples" / "tiwater", folder, ignore=shutil.ignore_patterns("run", "__pycache__", ".*")
        )
        port = free_port()
        made = Site(folder, _environment(top, port))
        try:
            yield made
        finally:
            for file in ("procman.yaml", "broker.yaml"):
                assert made.run(f"down --file {file}").returncode == 0


@pytest.mark.parametrize("page", [README, GUIDE], ids=name)
@pytest.mark.timeout(300)
def test_every_command_of_a_page_does_what_is_shown(page: Path, site: Site) -> None:
    """Each command ends with the code behind it, and says the lines below it in that order."""
    held = 0
    for fence in fences(page):
        if fence.file is not None:
            (site.folder / fence.file).write_text(fence.text, encoding="utf-8")
        if fence.kind == "console":
            for command in shown(fence):
                _hold(name(page), command, site.run(command.words))
                held += 1
    assert held == page.read_text(encoding="utf-8").count("\n$ procman")


def test_every_json_key_and_state_is_in_the_guide(site: Site) -> None:
    """The guide names every key that plan, status and validate print, and every state."""
    assert site.run("up --file broker.yaml").returncode == 0
    assert site.run("up").returncode == 0
    (site.folder / "bad.yaml").write_text("version: 1\nproject: shop\n", encoding="utf-8")
    documents = [json.loads(site.run(words).stdout) for words in ("plan --json", "status --json")]
    said = site.run("validate bad.yaml --json").stdout  # the document, then the verdict, which is talk
    documents.append(json.JSONDecoder().raw_decode(said)[0])
    assert documents[2]["findings"]
    own = {"scaled", "related"}
    words = {key for document in documents for key in _keys(document, own)} | {state.value for state in State}
    guide = GUIDE.read_text(encoding="utf-8")
    assert sorted(word for word in words if f"`{word}`" not in guide and f"`{word}[]`" not in guide) == []


def test_a_wrong_line_is_seen() -> None:
    """Negative control: a line that is not said, and one that is said too early, are found."""
    said = subprocess.CompletedProcess("", 0, "one 1\ntwo 2\n")
    _hold("page", Shown("x", 0, ("one 7", "two 8"), 1), said)
    for lines in (("three",), ("two 2", "one 1")):
        with pytest.raises(AssertionError, match="does not say"):
            _hold("page", Shown("x", 0, lines, 1), said)


def _hold(page: str, command: Shown, done: subprocess.CompletedProcess[str]) -> None:
    where = f"{page}:{command.line} procman {command.words}"
    assert done.returncode == command.code, f"{where} ended with {done.returncode}:\n{done.stdout}"
    said = iter(_masked(line) for line in done.stdout.splitlines())
    for line in filter(str.strip, command.lines):
        wanted = _masked(line)
        assert any(wanted in given for given in said), f"{where} does not say {line!r}, or not there:\n{done.stdout}"


def _masked(line: str) -> str:
    """Return `line` without what differs from run to run: numbers, gaps, and the width of a column of marks."""
    return " ".join(re.sub(r"\d[\d,.]*(?:ms|s)?\b", "0", line).split())


def _keys(document: object, own: set[str]) -> Iterator[str]:
    """Yield every key in `document`; what lies below a key in `own` has keys of the user's."""
    if isinstance(document, dict):
        for key, value in document.items():
            yield key
            if key not in own:
                yield from _keys(value, own)
    elif isinstance(document, list):
        for item in document:
            yield from _keys(item, own)


def _environment(top: str, port: int) -> dict[str, str]:
    scripts = str(Path(sys.executable).parent)
    return {
        "PATH": f"{scripts}:{os.environ.get('PATH', os.defpath)}:/usr/sbin",
        "HOME": top,
        "PROCMAN_HOME": f"{top}/home",
        "PYTHONUNBUFFERED": "1",  # so that output and errors come in the order in which they were said
        "COLUMNS": "80",
        "BROKER_PORT": str(port),
        "BROKER_PROJECT": f"tiwater-broker-{port}",
        "MQTT_BROKER": f"mqtt://127.0.0.1:{port}",
        "API_ADDRESS": f"127.0.0.1:{free_port()}",
    }
