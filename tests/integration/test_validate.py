"""`procman validate` on files, folders and standard input: what it says, where, and with which exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from procman.cli.door import run
from tests.support.manifests import GOOD

BAD = """\
# the project
version: 1
project: a
budget: {ram: 2G}
services:
  api:
    kind: scalable # as many as fit
    command: node src/index.js
    memroy: 400MB  # per instance
    instances: "2"
    listen: 127.0.0.1:3000
    ready: {http: /health}
  mqtt: {kind: singleton, command: node c.js, memory: 300Mi}
"""
MENDED = BAD.replace("memroy: 400MB", "memory: 400M").replace('instances: "2"', "instances: 2").replace("300Mi", "300M")
SCALED = "version: 1\nproject: b\nservices:\n  c: {kind: singleton, command: node, memory: 1M, instances: 2}\n"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Run in an empty folder, with nothing of a CI system around."""
    for name in ("CI", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "PROCMAN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


def told(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run ``procman validate --offline`` and return exit code, stdout and stderr."""
    code = run(["validate", "--offline", *arguments])
    sys.stdout.flush()
    return (code, *capfd.readouterr())


def codes(text: str) -> list[str]:
    """Return the codes in a JSON report."""
    return [finding["code"] for finding in json.loads(text)["findings"]]


def test_a_folder_stands_for_the_manifests_below_it(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """procman.yaml and *.procman.yaml, .yml too; hidden folders, node_modules and other YAML are passed over."""
    for name in (
        "procman.yaml",
        "a/b/x.procman.yml",
        "a/other.yaml",
        ".git/procman.yaml",
        "node_modules/p/procman.yaml",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SCALED)
    code, out, _ = told(capfd, ".", "procman.yaml", "--json", "--select", "PM2")
    assert code == 1
    assert ["a/b/x.procman.yml", "procman.yaml"] == sorted(f["file"] for f in json.loads(out)["findings"])


def test_a_folder_without_a_manifest_is_wrong_use(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The rule by which files are found is told."""
    code, out, err = told(capfd, str(tmp_path))
    assert (2, "") == (code, out)
    assert f"there is no manifest in {tmp_path}" in err
    assert "*.procman.yaml" in err


def test_one_unreadable_file_does_not_hide_the_others(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """CI sees every fault of the rest, and that one could not be read: 2."""
    (tmp_path / "a.yaml").write_text(SCALED)
    (tmp_path / "loop.yaml").symlink_to("nowhere")
    (tmp_path / "nowhere").symlink_to("a.yaml")
    os.mkfifo(tmp_path / "b.yaml")
    (tmp_path / "c.yaml").mkdir()
    (tmp_path / "c.yaml" / "procman.yaml").symlink_to("gone")
    code, out, err = told(capfd, "a.yaml", "c.yaml", "--json", "--select", "PM2")
    assert (2, ["PM201"]) == (code, codes(out))
    assert "cannot read c.yaml/procman.yaml: No such file or directory" in err


def test_standard_input_is_judged_as_the_file_it_stands_for(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its name and folder are those of --stdin-filename, which env_files are looked for in."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / ".env").write_text("COUNT=2\n")
    text = SCALED.replace("instances: 2", "instances: '${COUNT}', env_file: .env")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    code, out, _ = told(capfd, "-", "--stdin-filename", "deploy/procman.yaml", "--json", "--select", "PM2")
    (found,) = json.loads(out)["findings"]
    assert (1, "deploy/procman.yaml", "PM201") == (code, found["file"], found["code"])


def test_a_name_for_standard_input_goes_with_it(capfd: pytest.CaptureFixture[str]) -> None:
    """Alone it would be an option without effect."""
    assert told(capfd, "--stdin-filename", "x", "y")[0] == 2


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 0),
        (["--fail-on", "warning"], 1),
        (["--fail-on", "warning", "--severity", "error"], 1),
        (["--fail-on", "warning", "--ignore", "PM103"], 0),
        (["--fail-on", "never"], 0),
    ],
)
def test_the_exit_code_follows_fail_on(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], code: int
) -> None:
    """What is selected counts, shown or not."""
    (tmp_path / "procman.yaml").write_text("version: 1\nproject: a\nservices: {api: {kind: scalable, command: node}}\n")
    found, _, err = told(capfd, "--select", "PM103", *options)
    assert code == found
    assert ("1 not shown" in err) is ("--severity" in options)


def test_never_failing_is_no_cover_for_a_file_that_cannot_be_read(capfd: pytest.CaptureFixture[str]) -> None:
    """2 stays 2."""
    assert told(capfd, "gone.yaml", "--fail-on", "never")[0] == 2


def test_an_instance_rule_cannot_be_ignored(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Wrong use, with the reason, before anything is checked."""
    (tmp_path / "procman.yaml").write_text(SCALED)
    code, out, err = told(capfd, "--ignore", "PM201")
    assert (2, "") == (code, out)
    assert "--ignore PM201: the instance rules (PM2xx) cannot be ignored" in err
    assert "writes every record twice" in err


def test_auto_speaks_to_github_where_it_runs(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Elsewhere it is text; paths begin at the checkout."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "procman.yaml").write_text(SCALED)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    monkeypatch.chdir(tmp_path / "app")
    assert told(capfd, "--select", "PM2")[1].startswith("procman.yaml:4:")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    code, out, err = told(capfd, "--select", "PM2")
    assert code == 1
    assert out.startswith("::error file=app/procman.yaml,line=4,endLine=4,col=")
    assert err == "1 error\n"


def test_the_report_is_written_whole_to_a_file(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Nothing goes to stdout then, and stderr says what was found."""
    (tmp_path / "procman.yaml").write_text(SCALED)
    code, out, err = told(capfd, "--format", "sarif", "--output", "r.sarif", "--select", "PM2")
    assert (1, "", "1 error; written to r.sarif\n") == (code, out, err)
    assert json.loads((tmp_path / "r.sarif").read_text())["version"] == "2.1.0"
    assert ["procman.yaml", "r.sarif"] == sorted(file.name for file in tmp_path.iterdir())
    assert told(capfd, "--output", "no/where")[0] == 1


def test_statistics_take_the_place_of_the_findings(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """As a table and as JSON; a form for single findings has no place for them."""
    (tmp_path / "procman.yaml").write_text(BAD)
    out = told(capfd, "--statistics", "--select", "PM0")[1]
    assert [["1", "PM003", "unknown-key", "error"], ["1", "PM005", "wrong-type", "error"]] == [
        line.split() for line in out.splitlines()[:2]
    ]
    document = json.loads(told(capfd, "--statistics", "--json", "--select", "PM0")[1])
    assert {"code": "PM003", "name": "unknown-key", "severity": "error", "count": 1} == document["statistics"][0]
    assert told(capfd, "--statistics", "--format", "sarif")[0] == 2


def test_every_profile_is_checked_unless_one_is_named(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is wrong only under a profile is told with its name; another machine's profile is no fault on this one."""
    text = GOOD.replace("api: {instances: 1, memory: 500M}", "api: {instances: auto, memory: 500M}")
    text = text.replace(
        "profiles:\n",
        "profiles:\n  wide: {services: {mqtt: {instances: 2}}}\n  huge: {ram: 60T, services: {api: {memory: 9T}}}\n",
    )
    (tmp_path / "procman.yaml").write_text(text)
    arguments = ("--json", "--select", "PM2,PM101")
    assert ["PM201"] == codes(told(capfd, *arguments)[1])
    assert ["PM201"] == codes(told(capfd, *arguments, "--profile", "wide")[1])
    assert ["PM101", "PM201"] == sorted(codes(told(capfd, *arguments, "--profile", "huge", "--ram", "2G")[1]))
    assert told(capfd, *arguments, "--profile", "none")[0] == 2


def test_fix_mends_what_is_sure_and_leaves_the_rest_of_the_file(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Comments, layout, line ends, the byte order mark and the permissions stay; a second run has nothing to do."""
    file = tmp_path / "procman.yaml"
    for mark, end in ((b"", "\n"), (b"\xef\xbb\xbf", "\r\n")):
        file.write_bytes(mark + BAD.replace("\n", end).encode())
        file.chmod(0o640)
        code, _, err = told(capfd, "--fix", "--select", "PM0")
        assert (0, "no findings in procman.yaml (4 mended)\n") == (code, err)
        assert mark + MENDED.replace("\n", end).encode() == file.read_bytes()
        assert file.stat().st_mode & 0o777 == 0o640
        assert "mended" not in told(capfd, "--fix", "--select", "PM0")[2]


def test_diff_shows_the_fix_and_writes_nothing(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A patch on stdout, the verdict on stderr, 1 because something would change."""
    file = tmp_path / "procman.yaml"
    file.write_text(BAD)
    code, out, err = told(capfd, "--diff", "--select", "PM0")
    assert code == 1
    assert ["-    memroy: 400MB  # per instance", "+    memory: 400M  # per instance"] == [
        line for line in out.splitlines() if "per instance" in line and line[0] in "+-"
    ]
    assert err == "no findings in procman.yaml (4 would be mended)\n"
    assert BAD == file.read_text()


def test_fix_of_standard_input_goes_to_standard_output(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mended text, and nothing else there."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    code, out, _ = told(capfd, "-", "--fix", "--select", "PM0")
    assert (0, MENDED) == (code, out)


@pytest.mark.parametrize(
    "line",
    [
        "memory: 400  # a bare number",
        "memory: 400m",
        "memory: &m 400MB",
        "memory: ${SIZE:-400MB}",
        "memory: >-\n      400MB",
        "memorry: 1M\n    memroy: 2M",
        "instances: two",
        "shell: yes",
    ],
)
def test_what_is_not_sure_is_left_alone(capfd: pytest.CaptureFixture[str], tmp_path: Path, line: str) -> None:
    """A bare number, a unit that means another thing elsewhere, anchors, variables, blocks, two slips: no edit."""
    text = f"version: 1\nproject: a\nservices:\n  api:\n    kind: scalable\n    command: node\n    {line}\n"
    file = tmp_path / "procman.yaml"
    file.write_text(text)
    code, _, err = told(capfd, "--fix", "--select", "PM0")
    assert code == 1
    assert "mended" not in err
    assert text == file.read_text()


def test_explained_fixes_say_why_they_are_safe(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """And where there is none, that only the reader knows what is meant."""
    (tmp_path / "procman.yaml").write_text(BAD.replace('"2"', "two"))
    out = told(capfd, "--explain-fixes", "--select", "PM0")[1]
    assert "= fix: write memory: no other key is like 'memroy', and memory is not written yet" in out
    assert "= fix: none that is safe: only you know what is meant" in out
    assert "(2 can be mended: procman validate --fix)" in out.splitlines()[-1]


def test_what_is_left_out_is_counted(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A thousand findings are shown, errors before warnings; the rest is a number, in text and in JSON."""
    many = "".join(f"  {chr(97 + n % 26)}{n}: {{kind: scalable, command: x}}\n" for n in range(1200))
    (tmp_path / "procman.yaml").write_text(
        f"version: 1\nproject: a\nservices:\n{many}  c: {{kind: singleton, command: x, instances: 2}}\n"
    )
    code, out, _ = told(capfd, "--select", "PM103", "--json")
    document = json.loads(out)
    assert (1, 1000, 202) == (code, len(document["findings"]), document["left_out"])
    assert {"PM103": 999, "PM201": 1} == {name: codes(out).count(name) for name in set(codes(out))}
    assert told(capfd, "--select", "PM103")[1].endswith("1 error, 999 warnings (202 more left out: mend these first)\n")


def test_a_secret_stays_hidden_when_its_finding_is_not_chosen(
    capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The frame of another finding on the same line shows it no more than the one that is left out."""
    line = "  api: {kind: scalable, command: node, env: {DB_PASSWORD: hunter2secret}, memroy: 1M}\n"
    (tmp_path / "procman.yaml").write_text(f"version: 1\nproject: a\nservices:\n{line}")
    for options in ([], ["--select", "PM003"], ["--ignore", "PM501"], ["--severity", "error"]):
        out = told(capfd, *options)[1]
        assert "memroy" in out
        assert "hunter2secret" not in out


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("c:\n    kind: singleton\n    instances: 1\n    command: x\n", "c:\n    kind: singleton\n    command: x\n"),
        ("c: {kind: singleton, instances: 1, command: x}\n", "c: {kind: singleton, command: x}\n"),
        ("c: {kind: singleton, command: x, instances: 1}\n", "c: {kind: singleton, command: x}\n"),
        ("c:\n    kind: singleton\n    instances: 1 # once\n    command: x\n", None),
        ("c:\n    kind: singleton\n    instances: ${N:-1}\n    command: x\n", None),
        ("c: {kind: singleton, command: x, instances: 1}\ndefaults: {instances: 2}\n", None),
        ("c: {kind: singleton, command: x}\ndefaults: {instances: 1}\n", None),
    ],
)
def test_the_count_of_a_singleton_is_taken_out(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, before: str, after: str | None
) -> None:
    """With its line or its comma; never with a comment, a variable, or where `defaults` say something else."""
    head, file = "version: 1\nproject: a\nservices:\n  ", tmp_path / "procman.yaml"
    file.write_text(head + before)
    told(capfd, "--fix", "--select", "PM607")
    assert head + (before if after is None else after) == file.read_text()


def test_a_good_manifest_is_checked_without_what_is_slow_to_load(tmp_path: Path) -> None:
    """What starts cold in every editor and commit loads no module that only other commands need."""
    (tmp_path / "good.yaml").write_text(GOOD, encoding="utf-8")
    look = "import sys; from procman.cli.door import run; run(['validate', 'good.yaml']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", look], check=True, capture_output=True, text=True, cwd=tmp_path)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert "procman.rules.index" in loaded
    slow = {"dataclasses", "difflib", "hashlib", "ipaddress", "jinja2", "json", "psutil", "socket", "sqlalchemy"}
    assert loaded & {*slow, "subprocess", "tempfile", "urllib.parse", "ruamel.yaml", "xmlrpc.client"} == set()
