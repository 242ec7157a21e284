"""From nothing to running and back: exit codes, documents, and a second `up` that changes nothing."""

import json
from urllib.request import urlopen

import pytest

from tests.support.projects import Project, alive, ended, snapshot

pytestmark = pytest.mark.slow

PLAN = {
    "schema_version", "profile", "ram_bytes", "reserve_bytes", "manager_bytes", "usable_bytes", "required_bytes",
    "fits", "verdict", "profiles", "services", "actions", "findings",
}  # fmt: skip
STATUS = {"schema_version", "project", "manager", "required_bytes", "usable_bytes", "instances"}
INSTANCE = {
    "service", "instance", "kind", "state", "wanted", "pid", "uptime_seconds", "memory_bytes", "limit_bytes",
    "restarts", "held_by",
}  # fmt: skip
FINDING = {
    "file", "line", "column", "end_line", "end_column", "code", "name", "severity", "message", "help",
}  # fmt: skip


def test_a_project_goes_up_and_down(shop: Project) -> None:
    """`up`, `status` and `down` end with 0, and `status` with 4 before the first and after the last."""
    shop.status_code(4)
    ended(shop.run("up"), 0)
    assert shop.states() == {"api-0": "ready", "api-1": "ready", "mqtt-0": "running"}
    pids = [shop.manager(), *shop.pids().values()]
    assert len(pids) == 4
    ended(shop.run("down"), 0)
    assert not any(map(alive, pids))
    shop.status_code(4)
    ended(shop.run("down"), 0)


def test_status_documents_what_does_not_run(shop: Project) -> None:
    """`status --json` of a project that was never started is a whole document, too, and names it."""
    document = shop.status(4)
    assert document.keys() >= STATUS
    assert (document["project"], document["manager"]["pid"], document["instances"]) == ("shop", None, [])


def test_a_damaged_record_of_another_project_stops_nobody(running: Project) -> None:
    """A record of another project in the same home that cannot be read changes nothing for this one."""
    other = running.home / "other"
    other.mkdir()
    (other / "applied.json").write_text("{", encoding="utf-8")
    running.status_code(0)
    ended(running.run("up"), 0, "nothing to change")
    (other / "applied.json").unlink()


def test_up_returns_to_a_caller_that_captures_its_output(running: Project) -> None:
    """`up` and its pipes end although the services it started run on."""
    assert set(running.pids()) == {"api-0", "api-1", "mqtt-0"}


def test_the_service_answers_on_the_address(running: Project) -> None:
    """A request to the address is answered by an instance that `status` lists."""
    with urlopen(f"http://127.0.0.1:{running.port}/") as answer:
        assert json.load(answer)["pid"] in running.pids().values()


def test_a_second_up_changes_nothing(running: Project) -> None:
    """`up` on an unchanged file keeps every pid, says so and ends with 0."""
    before = running.pids()
    done = ended(running.run("up"), 0, "nothing to change: 3 unchanged")
    assert running.pids() == before
    assert "replace" not in done.out


def test_status_documents_every_key(running: Project) -> None:
    """`status --json` has each key that scripts rely on, and the values of what runs."""
    document = running.status()
    assert document.keys() >= STATUS
    assert document["schema_version"] == 1
    assert document["manager"]["pid"] == running.manager()
    assert {f"{i['service']}-{i['instance']}": i["pid"] for i in document["instances"]} == running.pids()
    for row in document["instances"]:
        assert row.keys() >= INSTANCE
        assert row["wanted"] is True
        assert row["memory_bytes"] > 0
        assert row["restarts"] == 0
    assert [row["limit_bytes"] >> 20 for row in document["instances"]] == [40, 40, 30]


def test_plan_documents_every_key(running: Project) -> None:
    """`plan --json` has each key that scripts rely on, and keeps all that runs."""
    document = ended(running.run("plan", "--json"), 0).json()
    assert document.keys() >= PLAN
    assert document["required_bytes"] == 110 << 20
    assert document["ram_bytes"] - document["reserve_bytes"] - document["manager_bytes"] == document["usable_bytes"]
    assert [s.keys() >= {"name", "kind", "instances", "memory_bytes"} for s in document["services"]] == [True, True]
    assert [(a["service"], a["instance"], a["action"]) for a in document["actions"]] == [
        ("api", 0, "keep"), ("api", 1, "keep"), ("mqtt", 0, "keep"),
    ]  # fmt: skip
    assert all(a["reason"] for a in document["actions"])


def test_plan_documents_its_profiles(running: Project) -> None:
    """`plan --ram --json` tells of every profile what scripts rely on, and recommends one."""
    running.write(profiles={"small": {"ram": "1G", "services": {"api": {"instances": 1}}}})
    document = ended(running.run("plan", "--ram", "2G", "--json"), 0).json()
    (profile,) = document["profiles"]
    assert profile.keys() >= {"name", "ram_bytes", "required_bytes", "fits", "verdict", "recommended"}
    assert (document["profile"], profile["recommended"], profile["required_bytes"]) == ("small", True, 70 << 20)


def test_plan_tells_pipelines_of_changes(running: Project) -> None:
    """`plan --detailed-exitcode` ends with 0 without changes, 2 with some, 1 with errors and 64 when used wrongly."""
    ended(running.run("plan", "--detailed-exitcode"), 0)
    running.write({"api": running.api(instances=3), "mqtt": running.mqtt()})
    ended(running.run("plan", "--detailed-exitcode"), 2)
    running.write({"api": running.api(instances=100), "mqtt": running.mqtt()})
    ended(running.run("plan", "--detailed-exitcode"), 1)
    ended(running.run("plan", "--detailed-exitcode", "--ram", "2"), 64)


def test_validate_documents_every_key(running: Project) -> None:
    """`validate --format json` has each key of a finding that scripts rely on, and ends with 1 on an error."""
    running.write({"mqtt": running.mqtt(instances=2)})
    document = ended(running.run("validate", "--format", "json"), 1).json()
    assert document.keys() >= {"schema_version", "findings", "summary"}
    assert all(finding.keys() >= FINDING for finding in document["findings"])
    finding = next(f for f in document["findings"] if f["severity"] == "error")
    assert (finding["code"], finding["severity"], finding["file"]) == ("PM201", "error", "procman.yaml")


def test_status_ends_with_3_when_something_wanted_is_not_running(running: Project) -> None:
    """An instance that supervisord was told to stop behind procman's back makes `status` end with 3."""
    running.client().stop("api-1", wait=True)
    assert running.states(3)["api-1"] == "stopped"
    ended(running.run("up"), 0)
    assert running.states()["api-1"] == "ready"


def test_a_dry_run_writes_nothing(running: Project) -> None:
    """`up --dry-run` shows the actions of the `up` that follows, and leaves every file and process as it is."""
    running.write({"api": running.api(env={"COLOUR": "green"}, instances=3), "mqtt": running.mqtt()})
    before, pids = snapshot(running.home), running.pids()
    announced = ended(running.run("up", "--dry-run"), 0)
    assert snapshot(running.home) == before
    assert running.pids() == pids
    assert ended(running.run("up"), 0).out == announced.out


def test_a_dry_run_makes_no_home(shop: Project) -> None:
    """Before the first `up`, `up --dry-run`, `plan` and `status` make no state directory."""
    ended(shop.run("up", "--dry-run"), 0, "3 to start")
    ended(shop.run("plan"), 0)
    ended(shop.run("status"), 4)
    assert not shop.home.exists()


def test_a_profile_is_remembered(running: Project) -> None:
    """`up --profile` holds for the next `up` too, until `--no-profile`."""
    running.write(profiles={"small": {"services": {"api": {"instances": 1}}}})
    ended(running.run("up", "--profile", "small"), 0)
    assert set(running.pids()) == {"api-0", "mqtt-0"}
    ended(running.run("up"), 0, "profile small, as last time")
    assert set(running.pids()) == {"api-0", "mqtt-0"}
    assert running.status()["profile"] == "small"
    ended(running.run("up", "--no-profile"), 0)
    assert set(running.pids()) == {"api-0", "api-1", "mqtt-0"}


def test_status_works_without_the_manifest(running: Project) -> None:
    """When the manifest is broken or gone, `status` and `plan`-free commands go by what was applied last."""
    running.file.write_text("services: [", encoding="utf-8")
    assert running.status()["manifest"]["changed"] is True
    ended(running.run("status"), 0, "has changed since the last procman up")
    running.file.unlink()
    assert running.status()["manifest"]["changed"] is True
    ended(running.run("stop", "api-1"), 0)
    ended(running.run("start", "api-1"), 0)


def test_a_file_can_be_named_from_anywhere(running: Project) -> None:
    """--file, PROCMAN_FILE and the current folder all mean one project."""
    pids = running.pids()
    ended(running.run("up", "--file", str(running.file), cwd="/"), 0)
    ended(running.run("status", cwd="/", env=running.environment(PROCMAN_FILE=str(running.file))), 0)
    assert running.pids() == pids
    ended(running.run("status", cwd="/", env=running.environment()), 2, "there is no manifest")
