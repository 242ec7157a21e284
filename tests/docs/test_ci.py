"""The hooks, the action and the recipes for CI: each is run as far as a machine without a CI system can."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.docs.pages import ROOT, fences
from tests.support.tiwater import need

pytestmark = pytest.mark.slow

CI = ROOT / "docs" / "ci.md"
BIN = Path(sys.executable).parent
GOOD = """\
version: 1
project: a
budget: {ram: 2G}
services:
  api: {kind: scalable, command: node a.js, memory: 400M, listen: 127.0.0.1:3000, ready: {http: /health}}
"""
BAD = GOOD.replace("400M", "400MB").replace("kind: scalable", "kind: singleton, instances: 2")


def hooks() -> dict[str, dict[str, Any]]:
    """Return the hooks that other repositories can name."""
    return {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def action() -> dict[str, Any]:
    """Return the GitHub Action."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return loaded


def recipe(file: str) -> Any:  # noqa: ANN401 - YAML of any shape
    """Return the recipe in docs/ci.md that is to be written to `file`."""
    (found,) = [fence for fence in fences(CI) if fence.file == file]
    return yaml.safe_load(found.text)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a CI job: our programs on PATH, nothing of the one that runs these tests."""
    ours = ("CI", "GITHUB_ACTIONS", "GITHUB_WORKSPACE", "CI_PROJECT_DIR", "PROCMAN_FILE")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return kept | {"PATH": f"{BIN}:{os.environ['PATH']}", "CI": "true"} | more


def bash(script: str, folder: Path, variables: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub's runner does with `shell: bash`."""
    command = [need("bash", "bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=dict(variables), capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A repository with a good and a bad manifest and other YAML, all committed."""
    for name, text in {"procman.yaml": GOOD, "deploy/b.procman.yml": BAD, "other.yaml": "a: [1\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=x"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("procman.yaml", True),
        ("a/b/procman.yml", True),
        ("a/x.procman.yaml", True),
        ("myprocman.yaml", False),
        ("procman.yaml.j2", False),
        ("a/.procman.yaml", False),
    ],
)
def test_the_hooks_take_what_a_folder_stands_for(path: str, taken: bool) -> None:
    """The pattern finds procman.yaml and *.procman.yaml anywhere, and no other YAML."""
    assert {taken} == {re.search(hook["files"], path) is not None for hook in hooks().values()}


def test_the_hooks_run_in_pre_commit(checkout: Path) -> None:
    """pre-commit itself runs them on a repository: the bad file fails, the fix mends it, the rest is not looked at."""
    config = {"repos": [{"repo": "local", "hooks": list(hooks_as_system().values())}]}
    (checkout / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    run = f"{BIN / 'pre-commit'} run --all-files --verbose"
    variables = environment(PRE_COMMIT_HOME=str(checkout / ".git" / "pre-commit"))
    first = bash(f"{run} procman-validate", checkout, variables)
    assert first.returncode == 1, first.stdout + first.stderr
    assert "deploy/b.procman.yml:5:" in first.stdout
    assert "PM201 singleton-scaled" in first.stdout
    assert "other.yaml" not in first.stdout
    mended = bash(f"{run} procman-fix", checkout, variables)
    assert "files were modified by this hook" in mended.stdout
    assert "400M," in (checkout / "deploy" / "b.procman.yml").read_text()


def hooks_as_system() -> dict[str, dict[str, Any]]:
    """Return the hooks as ones that use the procman on PATH, which `language: python` would install."""
    kept = ("id", "name", "entry", "files", "require_serial")
    return {name: {key: hook[key] for key in kept} | {"language": "system"} for name, hook in hooks().items()}


def test_the_action_has_what_an_action_needs() -> None:
    """Every input has words and a default, every step a shell, and no input is pasted into a script."""
    found = action()
    assert found["runs"]["using"] == "composite"
    assert all(one["description"] and "default" in one for one in found["inputs"].values())
    used = set()
    for step in found["runs"]["steps"]:
        assert step["shell"] == "bash"
        assert "${{" not in step["run"]
        used |= set(re.findall(r"inputs\.([a-z-]+)", " ".join(step["env"].values())))
    assert used == set(found["inputs"])


def test_the_steps_of_the_action_are_clean_shell(tmp_path: Path) -> None:
    """Shellcheck has nothing to say of them."""
    shellcheck = BIN / "shellcheck" if (BIN / "shellcheck").exists() else need("shellcheck", "shellcheck")
    steps = action()["runs"]["steps"]
    assert len(steps) == 2
    for number, step in enumerate(steps):
        script = tmp_path / f"{number}.sh"
        script.write_text(f"#!/bin/bash\nset -eo pipefail\n{step['run']}")
        done = subprocess.run([shellcheck, script], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


def test_the_step_that_checks_annotates_and_writes_sarif(checkout: Path) -> None:
    """Paths and options with spaces stay whole; the verdict is the exit code; SARIF is written even so."""
    (checkout / "with space").mkdir()
    (checkout / "with space" / "procman.yaml").write_text(BAD)
    runner = checkout / ".git" / "runner"
    (runner / "procman" / "bin").mkdir(parents=True)
    (runner / "procman" / "bin" / "procman").symlink_to(BIN / "procman")
    step = action()["runs"]["steps"][1]
    variables = environment(
        RUNNER_TEMP=str(runner),
        GITHUB_ACTIONS="true",
        GITHUB_WORKSPACE=str(checkout),
        PATHS="with space\n\n  \ndeploy",
        FAIL_ON="error",
        OPTIONS="--select=PM2\n",
        SARIF="out.sarif",
    )
    done = bash(step["run"], checkout, variables)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert ["::error file=deploy/b.procman.yml,line=5", "::error file=with space/procman.yaml,line=5"] == sorted(
        line.partition(",endLine")[0] for line in lines
    )
    results = json.loads((checkout / "out.sarif").read_text())["runs"][0]["results"]
    assert ["PM201", "PM201"] == [result["ruleId"] for result in results]
    assert bash(step["run"], checkout, variables | {"FAIL_ON": "never", "SARIF": ""}).returncode == 0
    assert bash(step["run"], checkout, variables | {"PATHS": "gone"}).returncode == 2


def test_the_recipe_for_gitlab_writes_the_report_that_it_names(checkout: Path) -> None:
    """Its script runs as it stands; a manifest with errors fails the job and leaves the report."""
    job = recipe(".gitlab-ci.yml")["procman"]
    done = bash("\n".join(job["script"]), checkout, environment(CI_PROJECT_DIR=str(checkout)))
    assert done.returncode == 1, done.stderr
    issues = json.loads((checkout / job["artifacts"]["reports"]["codequality"]).read_text())
    assert {"deploy/b.procman.yml"} == {
        issue["location"]["path"] for issue in issues if issue["severity"] == "critical"
    }


def test_the_other_recipes_name_what_there_is() -> None:
    """The hooks exist, the inputs of the action exist, and the upload takes the file that the action writes."""
    config = recipe(".pre-commit-config.yaml")["repos"][0]
    assert {hook["id"] for hook in config["hooks"]} <= set(hooks())
    steps = recipe(".github/workflows/manifests.yml")["jobs"]["validate"]["steps"]
    used, upload = steps[1]["with"], steps[2]["with"]
    assert set(used) <= set(action()["inputs"])
    assert used["sarif"] == upload["sarif_file"]
