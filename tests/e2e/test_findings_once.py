"""Findings in the words of commands: in full when they are new, then as one line that says how to see them."""

import pytest

from tests.support.projects import Project, ended

pytestmark = pytest.mark.slow

OLD = "PM301 ready-missing 'api'"


def test_up_shows_a_finding_until_it_was_applied(shop: Project) -> None:
    """`up` shows a finding in full until an `up` with it has succeeded, then counts it; `validate` shows it always."""
    shop.write()
    ended(shop.run("up", "--dry-run"), 0, OLD)
    ended(shop.run("up"), 0, OLD)
    again = ended(shop.run("up"), 0)
    assert OLD not in again.said
    lines = [line for line in again.err.splitlines() if "as at the last up" in line]
    assert len(lines) == 1
    assert lines[0].endswith(" as at the last up: procman validate")
    ended(shop.run("validate"), 0, OLD)

    ended(shop.run("scale", "api=3"), 0)
    shop.write({"api": shop.api(alive={"timeout": "2s"}), "mqtt": shop.mqtt()})
    new = ended(shop.run("up"), 0, " as at the last up: procman validate", "alive-asks-nothing")
    assert OLD not in new.said


def test_a_refusal_shows_its_errors_and_counts_the_rest(shop: Project) -> None:
    """What refuses is shown in full, and what does not is one line: of `up`, and of `scale` on what runs."""
    shop.write({"api": shop.api(), "mqtt": shop.mqtt(instances=2)})
    refused = ended(shop.run("up"), 1, "PM201", "besides: procman validate", "refused: 1 error in procman.yaml")
    assert OLD not in refused.said
    shop.write()
    shop.up()
    refused = ended(shop.run("scale", "mqtt=2"), 1, "PM201", f"besides: procman validate {shop.file.resolve()}")
    assert OLD not in refused.said
