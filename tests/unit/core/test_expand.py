"""From a plan to its instances."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from procman.core.broker_names import Known
from procman.core.expand import environment, expand, locks_of
from procman.core.facts import SYSTEM_PATH, Facts, ServiceFacts
from procman.core.lifecycle import Alive, Policy, Ready, Until
from procman.core.manifest import Consumes, Kind, Manifest, Restart
from procman.core.plan import make_plan
from procman.core.quantity import GIB
from procman.core.spec import Lock, Spec, encode
from tests.support.values import TEXTS, budget, consumer, service

FACTS = ServiceFacts("/srv/app", directory_exists=True, executable="/usr/bin/node", home="/root")


def expanded(manifest: Manifest, facts: ServiceFacts = FACTS) -> tuple[Spec, ...]:
    """Return the instances of `manifest` on a large machine, every service with the same facts."""
    known = Facts({s.name: facts for s in manifest.services}, known=Known(frozenset({"here"})))
    return expand(manifest, make_plan(manifest, budget(64 * GIB)), known, "/state")


def test_instances_are_numbered_and_know_their_count() -> None:
    """Instances come in the order of the manifest, from 0, each with the count of its siblings."""
    found = expanded(Manifest("p", (service("web", instances=2), service("mqtt", Kind.SINGLETON))))
    assert [("web-0", 2), ("web-1", 2), ("mqtt-0", 1)] == [(s.unit, s.instances) for s in found]


def test_a_service_stands_behind_what_it_depends_on() -> None:
    """Instances come in the order in which they are to start."""
    api = replace(service("api"), depends_on=(("job", Until.COMPLETED),))
    found = expanded(Manifest("p", (api, service("web"), replace(service("job"), oneshot=True))))
    assert [s.unit for s in found] == ["job-0", "api-0", "web-0"]


@pytest.mark.parametrize(
    ("written", "policy"),
    [(Policy.ALWAYS, Policy.ON_FAILURE), (Policy.ON_FAILURE, Policy.ON_FAILURE), (Policy.NEVER, Policy.NEVER)],
)
def test_a_oneshot_may_end(written: Policy, policy: Policy) -> None:
    """Of the policies only `always` gives way to it."""
    (found,) = expanded(Manifest("p", (replace(service(), oneshot=True, restart=Restart(policy=written)),)))
    assert (found.restart.policy, found.oneshot) == (policy, True)


def test_first_word_is_the_resolved_program() -> None:
    """The program is looked up once, when procman runs; the arguments stay as they are."""
    (found,) = expanded(Manifest("p", (service(command=("node", "src/index.js", "")),)))
    assert (("/usr/bin/node", "src/index.js", ""), "/srv/app", "/state") == (found.argv, found.directory, found.state)


def test_probes_ask_with_the_resolved_program() -> None:
    """As that of the service; what was not found stays as written."""
    asked = replace(service(), ready=Ready(command=("check", "x")), alive=Alive(command=("gone",)))
    facts = replace(FACTS, probes=(("ready", "/bin/check"), ("alive", None)))
    (found,) = expanded(Manifest("p", (asked,)), facts)
    assert found.ready is not None
    assert found.alive is not None
    assert (found.ready.command, found.alive.command) == (("/bin/check", "x"), ("gone",))


@pytest.mark.parametrize(("ready", "readable"), [(None, True), (Ready(ipc=True), False), (Ready(ipc=True), True)])
def test_preload_is_there_for_what_node_says(ready: Ready | None, readable: bool) -> None:
    """`ready: ipc` needs it without an address, too; one that the service's user cannot read would end node."""
    facts = replace(FACTS, preloads="/p", preloads_readable=readable)
    (found,) = expanded(Manifest("p", (replace(service(), ready=ready),)), facts)
    assert ("NODE_OPTIONS" in dict(found.env)) == (ready is not None and readable)


def test_program_that_was_not_found_stays_as_written() -> None:
    """`render` for another host keeps the word of the manifest."""
    (found,) = expanded(Manifest("p", (service(command=("node",)),)), replace(FACTS, executable=None))
    assert (("node",), SYSTEM_PATH) == (found.argv, dict(found.env)["PATH"])


def test_environment_is_small_and_sorted() -> None:
    """A service gets a home, a locale and a PATH, and nothing of the shell that ran procman."""
    assert (("HOME", "/root"), ("LANG", "C.UTF-8"), ("PATH", SYSTEM_PATH)) == environment(service(), FACTS)


@pytest.mark.parametrize(
    ("executable", "path"),
    [
        ("/usr/bin/node", SYSTEM_PATH),
        ("/opt/node-22/bin/node", f"/opt/node-22/bin:{SYSTEM_PATH}"),
        ("/usr/bin-2/node", f"/usr/bin-2:{SYSTEM_PATH}"),
    ],
)
def test_path_begins_with_the_folder_of_the_command(executable: str, path: str) -> None:
    """`npm` beside a `node` outside the system's folders is found; folders of the system are not repeated."""
    assert path == dict(environment(service(), replace(FACTS, executable=executable)))["PATH"]


def test_own_variables_come_over_the_env_file_over_the_rest() -> None:
    """`env` of the manifest has the last word, then the env_file, then what procman sets."""
    known = replace(FACTS, user="app", variables=(("HOME", "/file"), ("LANG", "file"), ("EXTRA", "file")))
    found = environment(service(env=(("LANG", "own"),)), known)
    expected = {"EXTRA": "file", "HOME": "/file", "LANG": "own", "LOGNAME": "app", "PATH": SYSTEM_PATH, "USER": "app"}
    assert tuple(sorted(expected.items())) == found


def test_only_a_consumer_of_the_scalable_services_takes_a_lock() -> None:
    """What may run more than once holds nothing; a consumer may not, whatever its kind, until guards are verified."""
    consuming = service(consumes=Consumes("mqtt://h", ("a",)))
    assert ((), (Lock("h:1883", "a"),)) == (
        locks_of("p", service(), frozenset()),
        locks_of("p", consuming, frozenset()),
    )


@pytest.mark.parametrize("consumes", [None, Consumes("mqtt://h", ())])
def test_singleton_without_topics_locks_its_name(consumes: Consumes | None) -> None:
    """A singleton always holds a lock: without topics that of its project and name."""
    job = service("job", Kind.SINGLETON, consumes=consumes)
    assert (Lock("service", "p/job"),) == locks_of("p", job, frozenset())


def test_consumer_locks_what_it_consumes() -> None:
    """Each filter is a lock of its broker; a share group is cut off, for two singletons in one are two consumers."""
    mqtt = consumer("mqtt", "a/+", "$share/g/b/#", broker="mqtts://HERE", client_id="x")
    assert (Lock("localhost:1883", "a/+"), Lock("localhost:1883", "b/#")) == locks_of("p", mqtt, frozenset({"here"}))


def test_client_id_and_project_make_no_other_lock() -> None:
    """Two consumers of one topic collide whatever they are called."""
    one = locks_of("p", consumer("one", "a", client_id="1"), frozenset())
    assert one == locks_of("q", consumer("two", "a", broker="tcp://localhost:1883", client_id="2"), frozenset())


SECRETS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="/?#[]@:\\"), min_size=8)


@given(SECRETS, SECRETS)
def test_credentials_of_a_broker_are_in_no_lock_and_no_spec(user: str, password: str) -> None:
    """A lock file can be read by everybody on the host: the broker's user and password never reach it."""
    mqtt = consumer("mqtt", "a", broker=f"mqtt://u-{user}:p-{password}@broker.example")
    (found,) = expanded(Manifest("p", (mqtt,)))
    assert (Lock("broker.example:1883", "a"),) == found.locks
    assert f"p-{password}".encode() not in encode(found)


@given(st.dictionaries(st.sampled_from("ABC"), TEXTS), st.dictionaries(st.sampled_from("ABC"), TEXTS))
def test_order_of_variables_does_not_matter(own: dict[str, str], file: dict[str, str]) -> None:
    """The same variables in another order are the same environment, so that nothing is restarted for it."""
    one = environment(service(env=tuple(own.items())), replace(FACTS, variables=tuple(file.items())))
    turned = replace(FACTS, variables=tuple(reversed(file.items())))
    assert one == environment(service(env=tuple(reversed(own.items()))), turned)
