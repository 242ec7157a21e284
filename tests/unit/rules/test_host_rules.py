"""What a manifest asks of the host: programs, directories, env_files and users."""

from __future__ import annotations

from dataclasses import replace

import pytest

from procman.core.facts import ServiceFacts
from procman.rules import command_missing, directory_missing, env_file_unreadable, user_unknown
from procman.rules.base import Rule
from tests.support.judging import HERE, Told, judged

TEXT = """
    services:
      api: {kind: scalable, command: nodee src/index.js, directory: ./app, env_file: .evn, user: ap}
      web:
        kind: scalable
        command: [./serve, "--x"]
        directory: ./web
        env_file: b.env
        user: www
"""
BAD = ServiceFacts("/srv/app", directory_exists=True, executable=None, env_file_fault="line 3 is not NAME=value")
GONE = replace(BAD, directory_exists=False, env_file_fault="cannot be read: No such file or directory")

CASES = (
    (
        command_missing,
        {"api": BAD, "web": BAD},
        [
            Told(
                "PM020",
                "command-missing",
                "error",
                f"'{word}' of service '{service}' is not an executable program here",
                "install it, correct the name, write its absolute path, or run procman with a PATH that has it",
                place,
            )
            for service, word, place in (
                ("api", "nodee", "5: nodee src/index.js"),
                ("web", "./serve", '8: [./serve, "--x"]'),
            )
        ],
    ),
    (
        command_missing,
        {"api": replace(BAD, former="/opt/node 20/bin/nodee"), "web": replace(BAD, executable="/srv/app/serve")},
        [
            Told(
                "PM020",
                "command-missing",
                "error",
                "'nodee' of service 'api' is not on this PATH; the last up found /opt/node 20/bin/nodee",
                'PATH="/opt/node 20/bin:$PATH" procman up, '
                "or `/opt/node 20/bin/nodee` instead of `nodee` in the manifest",
                "5: nodee src/index.js",
            )
        ],
    ),
    (
        directory_missing,
        {"api": GONE, "web": GONE},
        [
            Told(
                "PM021",
                "directory-missing",
                "error",
                f"directory '{folder}' of service '{service}' does not exist",
                "create it or correct the path (it is taken from the manifest's folder)",
                place,
            )
            for service, folder, place in (("api", "./app", "5: ./app"), ("web", "./web", "9: ./web"))
        ],
    ),
    (
        env_file_unreadable,
        {"api": BAD, "web": GONE},
        [
            Told(
                "PM022",
                "env-file-unreadable",
                "error",
                f"env_file '{file}' of service '{service}': {fault}",
                "create or correct the file",
                place,
            )
            for service, file, fault, place in (
                ("api", ".evn", "line 3 is not NAME=value", "5: .evn"),
                ("web", "b.env", "cannot be read: No such file or directory", "10: b.env"),
            )
        ],
    ),
    (
        user_unknown,
        {"api": replace(HERE, user_known=False), "web": replace(HERE, user_known=False)},
        [
            Told(
                "PM023",
                "user-unknown",
                "error",
                f"service '{service}' cannot run as '{user}': no such user, or procman is not root",
                "create the user, correct the name, or run procman as root",
                place,
            )
            for service, user, place in (("api", "ap", "5: ap"), ("web", "www", "11: www"))
        ],
    ),
)
RULES = [case[0] for case in CASES]


@pytest.mark.parametrize(("rule", "facts", "expected"), CASES, ids=[rule.NAME for rule in RULES])
def test_what_the_host_lacks_is_told_at_what_asks_for_it(
    rule: Rule, facts: dict[str, ServiceFacts], expected: list[Told]
) -> None:
    """Each service whose wish the host cannot fulfil is told, at the value that says the wish."""
    assert expected == judged(rule, TEXT, facts=facts)


@pytest.mark.parametrize("rule", RULES, ids=[rule.NAME for rule in RULES])
@pytest.mark.parametrize("facts", [None, {}, {"api": HERE}, {"api": HERE, "web": HERE}])
def test_good_host_and_unknown_host_are_fine(rule: Rule, facts: dict[str, ServiceFacts] | None) -> None:
    """Nothing is told of a host that has all of it, nor of one that was not asked."""
    assert judged(rule, TEXT, facts=facts) == []


def test_missing_directory_is_not_told_as_a_missing_command() -> None:
    """In a directory that is not there no program can be found: one fault is one finding."""
    assert judged(command_missing, TEXT, facts={"api": GONE, "web": HERE}) == []


def test_service_without_a_user_needs_no_known_user() -> None:
    """An account without a name in the host's list may run procman."""
    nameless = {"api": replace(HERE, user=None, user_known=False)}
    assert judged(user_unknown, "services: {api: {kind: scalable, command: a}}", facts=nameless) == []
