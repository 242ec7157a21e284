"""The door of the command line, as a script sees it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

MANIFEST = "version: 1\nproject: door\nservices: {a: {kind: singleton, command: sleep 5, memory: 5M}}\n"


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run procman in `folder`, with a home of its own."""
    environment = {"PATH": "/usr/bin:/bin", "PROCMAN_HOME": str(folder / "h"), **variables}
    command = [sys.executable, "-m", "procman", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_json_is_a_document_also_when_there_is_no_answer(tmp_path: Path) -> None:
    """Without a manifest `status --json` and `plan --format json` end with 2 and print the error as a document."""
    for arguments in (("status", "--json"), ("plan", "--format", "json"), ("plan", "--format=json")):
        done = run(tmp_path, *arguments)
        assert done.returncode == 2
        document = json.loads(done.stdout)
        assert document["schema_version"] == 1
        assert document["error"]["code"] == 2
        assert "there is no manifest" in document["error"]["message"]


def test_text_is_talk_on_stderr(tmp_path: Path) -> None:
    """Without --json an error leaves stdout empty."""
    done = run(tmp_path, "status")
    assert (done.returncode, done.stdout) == (2, "")


def test_logs_of_what_never_ran_are_nothing_to_show(tmp_path: Path) -> None:
    """`logs` of a project that was never started says so and ends with 0, as nothing to do does."""
    (tmp_path / "procman.yaml").write_text(MANIFEST)
    done = run(tmp_path, "logs")
    assert (done.returncode, done.stdout) == (0, "")
    assert "never started" in done.stderr


def test_scale_takes_one_number_for_a_service(tmp_path: Path) -> None:
    """`scale a=1 a=2` is wrong use: it cannot be both."""
    (tmp_path / "procman.yaml").write_text(MANIFEST)
    assert run(tmp_path, "scale", "a=1", "a=2").returncode == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("procman stop ", ["web", "worker"]),
        ("procman stop we", ["web"]),
        ("procman restart web ", ["worker"]),
        ("procman logs --file other.yaml ", ["mail", "supervisord"]),
        ("procman logs s", ["supervisord"]),
        ("procman scale w", ["web=", "worker="]),
        ("procman explain singleton-s", ["singleton-scaled"]),
        ("procman stop --file none.yaml ", []),
        ("procman doc", ["doctor"]),
    ],
)
def test_a_shell_completes_names(words: str, said: list[str], tmp_path: Path) -> None:
    """Services by the manifest that is meant, counts and rules; nothing, and no message, without a manifest."""
    service = "{kind: scalable, command: sleep 5, memory: 5M}"
    (tmp_path / "procman.yaml").write_text(f"version: 1\nproject: a\nservices: {{web: {service}, worker: {service}}}\n")
    (tmp_path / "other.yaml").write_text(f"version: 1\nproject: b\nservices: {{mail: {service}}}\n")
    done = run(tmp_path, _PROCMAN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1))
    assert [line.partition(",")[2] for line in done.stdout.splitlines() if line] == said
    assert done.stderr == ""
