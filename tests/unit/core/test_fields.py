"""The checker: what a manifest means, and that every fault is told once, at its place, without secrets."""

from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from procman.core import keys, probe_keys, ready_keys
from procman.core import life_keys as life
from procman.core.document import Scalar
from procman.core.kinds import Field, Record, Sink
from procman.core.lifecycle import Alive, Policy, Start, Until
from procman.core.manifest import (
    Address,
    BudgetRule,
    Consumes,
    Instances,
    Kind,
    Logs,
    Manifest,
    Overlay,
    Profile,
    Ready,
    Restart,
    Service,
    Stop,
)
from procman.core.source import Places, Span
from tests.support.counting import calls
from tests.support.manifests import GOOD, codes, load, service

T = TypeVar("T")
MIB = 1 << 20


def api(lines: str) -> Service:
    """Return the one service of a manifest that has no findings."""
    manifest, findings, _ = load(service(lines))
    assert findings == ()
    assert manifest is not None
    return manifest.services[0]


def only(text: str) -> tuple[str, str, str]:
    """Return code, message and help of the one finding in `text`."""
    (finding,) = load(text)[1]
    return finding.code, finding.message, finding.help


def test_every_key_arrives_where_it_belongs() -> None:
    """A manifest that uses every key becomes exactly these values."""
    manifest, findings, _ = load(GOOD)
    assert findings == ()
    assert manifest == Manifest(
        project="tiwater",
        services=(
            Service(
                name="api",
                kind=Kind.SCALABLE,
                command=("node", "src/index.js"),
                instances=Instances(1, 4),
                memory=400 * MIB,
                listen=Address("127.0.0.1", 3000),
                ready=Ready("/health", 5.0),
                env=(("NODE_ENV", "production"), ("MODE", "0600"), ("FLAG", "on"), ("PORT_BASE", "3000")),
                env_file=".env",
                user="app",
                stop=Stop(20.0, "INT"),
                logs=Logs(5 * MIB, 2),
            ),
            Service(
                name="mqtt",
                kind=Kind.SINGLETON,
                command=("node", "src/mqtt-consumer.js"),
                memory=300 * MIB,
                consumes=Consumes("mqtt://127.0.0.1:1883", ("tiwater/+/data",), "tiwater-consumer"),
                start=Start(2.0),
                stop=Stop(20.0, "TERM"),
                restart=Restart(3, 60.0, 0.5),
                logs=Logs(5 * MIB, 2),
            ),
        ),
        profiles=(
            Profile(
                "stable",
                2048 * MIB,
                (("api", Overlay(Instances(1, 1), 500 * MIB)), ("mqtt", Overlay(None, 350 * MIB))),
            ),
        ),
        budget=BudgetRule(None, None, 0.25),
        file="procman.yaml",
        base="/srv/app",
    )


@pytest.mark.parametrize(
    ("command", "message"),
    [("['', x]", "expected a program, found empty text"), ("\"'' x\"", "the command begins with an empty word")],
)
def test_a_program_has_a_name(command: str, message: str) -> None:
    """The first word of a command is never empty."""
    text = GOOD.replace("command: node src/index.js", f"command: {command}")
    assert only(text)[0] == "PM010"
    assert message in only(text)[1]


@pytest.mark.parametrize("command", ['[grep, "", file]', """grep '' file"""])
def test_an_argument_may_be_empty(command: str) -> None:
    """What a program is given may be an empty text, in a list as in one text."""
    manifest, found, _ = load(GOOD.replace("command: node src/index.js", f"command: {command}"))
    assert found == ()
    assert manifest is not None
    assert manifest.services[0].command == ("grep", "", "file")


@pytest.mark.parametrize(
    ("path", "line", "written"),
    [
        (("services", "api", "memory"), "    memory: 400M", "400M"),
        (("services", "api", "instances", "max"), "    instances: {min: 1, max: 4}", "4"),
        (("services", "mqtt", "consumes", "topics", "0"), "      topics: [tiwater/+/data]", "tiwater/+/data"),
        (("services", "mqtt", "command", "1"), "    command: [node, src/mqtt-consumer.js]", "src/mqtt-consumer.js"),
        (("profiles", "stable", "services", "api", "memory"), "  stable:", "500M"),
        (("services", "api", "stop", "timeout"), "defaults:", "20s"),
        (("services", "mqtt", "logs", "size"), "defaults:", "5M"),
        (("services", "api", "stop", "signal"), "    stop:", "INT"),
        (("budget", "reserve"), "budget:", "25%"),
    ],
)
def test_places_point_to_where_a_value_is_written(path: tuple[str, ...], line: str, written: str) -> None:
    """A value that comes from ``defaults`` has its place there."""
    manifest, _, source = load(GOOD)
    assert manifest is not None
    span = manifest.places.values[path]
    there = source.line(span.line)
    assert there.startswith(line)
    assert there[span.column - 1 : span.end_column - 1] == written


def test_places_of_keys_are_kept() -> None:
    """A finding can point to the name of a service, and to a key that was written under ``defaults``."""
    manifest, _, source = load(GOOD)
    assert manifest is not None
    for path, line in ((("services", "mqtt"), "  mqtt:"), (("services", "mqtt", "stop", "timeout"), "defaults:")):
        span = manifest.places.key(*path)
        there = source.line(span.line)
        assert there.startswith(line)
        assert there[span.column - 1 : span.end_column - 1] == path[-1]


@pytest.mark.parametrize(
    ("line", "argv"),
    [
        ("command: node 'a b' --x=1", ("node", "a b", "--x=1")),
        ("command: [node, 'a b', 3000, true]", ("node", "a b", "3000", "true")),
        ("command: echo $HOME | cat\nshell: true", ("sh", "-c", "echo $HOME | cat")),
        ("command: true", ("true",)),
    ],
)
def test_a_command_is_a_list_or_split_text(line: str, argv: tuple[str, ...]) -> None:
    """Text is split as a shell would, a list is taken as it is, and only ``shell: true`` starts a shell."""
    text = service("").replace("    command: node\n", "") + "".join(f"    {part}\n" for part in line.splitlines())
    manifest, findings, _ = load(text)
    assert findings == ()
    assert manifest is not None
    assert manifest.services[0].command == argv


@pytest.mark.parametrize(
    ("line", "instances"),
    [
        ("instances: 256", Instances(256, 256)),
        ("instances: auto", Instances(1, None)),
        ("instances: {min: 2}", Instances(2, None)),
        ("instances: {max: 3}", Instances(1, 3)),
    ],
)
def test_instances_have_three_forms(line: str, instances: Instances) -> None:
    """A number, ``auto``, or a range."""
    assert api(line).instances == instances


@pytest.mark.parametrize("text", ["[::1]:3000", "localhost:1", "10.0.0.1:65535", "0.0.0.0:80"])
def test_addresses(text: str) -> None:
    """IPv4, IPv6 in brackets and localhost are read and written alike."""
    assert str(api(f'listen: "{text}"').listen) == text


@pytest.mark.parametrize(
    "text",
    [
        "3000",
        ":3000",
        "22:22",
        "127.0.0.1:0",
        "127.0.0.1:65536",
        "256.0.0.1:80",
        "::1:80",
        "[:::]:80",
        "a_b:80",
        "x:٣",
        "web.example:80",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """Ports end at 65535, IPv6 needs its brackets, and no name but localhost is looked up when a socket is opened."""
    assert codes(service(f'listen: "{text}"')) == ["PM010"]


@pytest.mark.parametrize(
    ("line", "code", "message", "part"),
    [
        ("instances: two", "PM005", "found the text 'two'", "auto"),
        ("instances: '2'", "PM005", "found the text '2'", "leave the quotes out: 2"),
        ("instances: 0", "PM010", "'0' is not between 1 and 256", "1 to 256"),
        ("memory: 400", "PM010", "400 has no unit", "did you mean 400M?"),
        ("memory: 400 Megs", "PM010", "'400 Megs' is not a size", "did you mean 400M?"),
        ("memory: 1.5g", "PM010", "'1.5g' is not a size", "did you mean 1.5G?"),
        ("memory: 0M", "PM010", "'0M' is nothing", "400M or 2G"),
        ("memory: ٤M", "PM010", "'٤M' is not a size", "400M or 2G"),
        ("memory:", "PM005", "this key has no value", "400M or 2G"),
        ("stop: {timeout: 10}", "PM010", "10 has no unit", "did you mean 10s?"),
        ("restart: {within: 0s}", "PM010", "'0s' is no time at all", "10s, 5m"),
        ("restart: {within: 0.000h}", "PM010", "'0.000h' is no time at all", "10s, 5m"),
        ("stop: {signal: SIGTERM}", "PM010", "'SIGTERM' is not a signal", "did you mean 'TERM'?"),
        ("shell: yes", "PM005", "found the text 'yes'", "in YAML 1.2 yes is text; write true"),
        ("env_file: 5", "PM005", "expected a path, found a number", 'quote it: "5"'),
        ("ready: {http: health}", "PM010", "'health' is not a path", "begins with /"),
        ("ready: udp", "PM010", "'udp' is not notify, ipc or tcp", "write notify, ipc or tcp"),
        ("ready: {http: {status: 200}}", "PM004", "the key 'path' is missing", "path: /health"),
        ("ready: {http: {path: /, status: 2xx}}", "PM010", "'2xx' is no status of HTTP", "a range such as 200-299"),
        ("ready: {http: {path: /, status: 299-200}}", "PM010", "the range 299-200 is empty", "write 200-299"),
        ("ready: {http: {path: /, status: [200, 600]}}", "PM010", "'600' is no status", "such as 200"),
        ('ready: {http: {path: /, body: ""}}', "PM010", "expected a text, found empty text", "1 to 1024"),
        ("ready: {tcp: 127.0.0.1:0}", "PM010", "'127.0.0.1:0' is not an address", "true or false, or HOST:PORT"),
        ("ready: {tcp: yes}", "PM005", "found the text 'yes'", "in YAML 1.2 yes is text; write true"),
        ('ready: {exec: "a \'b"}', "PM010", "the command cannot be split: no closing quotation", "close the quote"),
        ("ready: {exec: \"'' b\"}", "PM010", "the command names no program", "begin with the program"),
        ("ready: {exec: []}", "PM010", "the list is empty", "at least one argument"),
        ('ready: {log: "**"}', "PM010", "'**' stands in every line", "only comes when it is ready"),
        ('ready: {log: "a\\nb"}', "PM010", "a line of the log cannot contain this", "with * for anything"),
        ("ready: {attempt: 0s}", "PM010", "'0s' is no time at all", "10s, 5m"),
        ("ready: {successes: 0}", "PM010", "'0' is not between 1 and 100", "1 to 100"),
        ("alive: {log: x}", "PM003", "unknown key 'log'", "known: http, tcp, exec"),
        ("memroy: 400M", "PM003", "unknown key 'memroy'", "did you mean 'memory'?"),
        ("env: [A=1]", "PM005", "expected a mapping, found a list", "NAME of a variable"),
        ("env: {A: }", "PM005", "this key has no value", '"" is empty text'),
        ("env: {1A: x}", "PM006", "'1A' is no variable name", "beginning with no digit"),
        ("env: {LISTEN_FDS: 1}", "PM006", "procman itself sets", "LISTEN_*"),
        ('env: {A: "\\0"}', "PM010", "a NUL character", "leave it out"),
        ("consumes: {broker: 'mqtt://h', topics: []}", "PM010", "the list is empty", "topic filter"),
        ("consumes: {broker: 'mqtt://h', topics: a/b}", "PM005", "expected a list, found text", "[topic filter, ...]"),
        ("consumes: {broker: 'mqtt://h', topics: ['a/#/b']}", "PM010", "'#' stands alone and last", "tiwater/#"),
        ("consumes: {broker: 'mqtt://h'}", "PM004", "the key 'topics' is missing", "such as topics:"),
        ("instances: {min: 3, max: 2}", "PM010", "min is 3, which is more than max, 2", "swap"),
    ],
)
def test_a_fault_says_what_is_wrong_and_what_helps(line: str, code: str, message: str, part: str) -> None:
    """One finding each, with the accepted forms or what was probably meant."""
    found = only(service(line))
    assert code == found[0]
    assert message in found[1]
    assert found[1].startswith("services.api")
    assert part in found[2]


@pytest.mark.parametrize(
    "name", ["Api", "a/b", "a%b", "a b", "é", "a" * 33, "a" * 300, "-a", "1a", "a_b", "api-0", "x-ray", "", "a\\n"]
)
def test_names_that_would_break_things_are_refused(name: str) -> None:
    """Names of services become file and process names; ``api-0`` would read as an instance."""
    code, message, advice = only(f'version: 1\nproject: a\nservices:\n  "{name}": {{kind: scalable, command: x}}\n')
    assert code == "PM006"
    assert len(message) < 160
    assert "lower-case" in advice


@pytest.mark.parametrize("name", ["Api", "a/b", "a b", "é", "a" * 33, "1a", "", "a\\n"])
def test_project_names_follow_the_same_rule(name: str) -> None:
    """A bad project name is PM006, and the rules still run, on a project without a name."""
    manifest, findings, _ = load(GOOD.replace("project: tiwater", f'project: "{name}"'))
    assert [f.code for f in findings] == ["PM006"]
    assert manifest is not None
    assert manifest.project == "unnamed"


def test_extensions_are_the_users_own() -> None:
    """Keys that begin with ``x-`` are ignored wherever keys are known."""
    text = GOOD.replace("version: 1", "version: 1\nx-base: &b {any: thing}") + "    x-note: [1, 2]\n"
    assert codes(text.replace("ready: {", "ready: {x-a: 1, ")) == []


@pytest.mark.parametrize(
    "broker",
    [
        "mqtt://user:s3cret/x@h",
        "http://user:s3cret@h",
        "mqtt://user:s3cret@h:99999",
        "user:s3cret@h",
        "mqtt://u:s3cret@[h",
    ],
)
def test_messages_never_repeat_a_brokers_password(broker: str) -> None:
    """What is no broker URL is refused without being repeated."""
    found = only(service(f"consumes: {{broker: '{broker}', topics: [a]}}"))
    assert found[0] == "PM010"
    assert "s3cret" not in "".join(found)


@pytest.mark.parametrize("value", ["[s3cret]", "{s3cret: s3cret}", '"s3cret\\0"'])
def test_messages_never_repeat_an_environment_value(value: str) -> None:
    """A variable may hold a secret, also a badly written one."""
    found = only(service(f"env: {{A: {value}}}"))
    assert "s3cret" not in "".join(found)


def test_every_fault_is_told_at_once_and_the_rest_still_read() -> None:
    """A broken service does not hide the faults of another, nor keep the sound one from the rules."""
    text = GOOD.replace("kind: scalable", "kind: scalabel").replace("memory: 300M", "memory: 300").replace("2G", "2")
    manifest, findings, _ = load(text)
    assert [f.code for f in findings] == ["PM010", "PM010", "PM010"]
    assert manifest is not None
    assert [s.name for s in manifest.services] == ["mqtt"]


def test_a_fault_in_defaults_is_told_once_under_its_own_name() -> None:
    """Services share ``defaults``; the fault stands there and nowhere else."""
    written = "defaults: {stop: {timeout: 20s}, logs: {size: 5M, keep: 2}}\n"
    assert written in GOOD
    faulty = written.replace("20s", "20")
    for text in (GOOD.replace(written, faulty), GOOD.replace(written, "") + faulty):
        code, message, _ = only(text)
        assert (code, message) == ("PM010", "defaults.stop.timeout: 20 has no unit")


def test_a_fault_in_an_alias_is_told_once() -> None:
    """Two services that share a mapping share its fault."""
    text = "version: 1\nproject: a\nservices:\n  a: &a {kind: scalable, command: x, memory: 4}\n  b: *a\n"
    assert codes(text) == ["PM010"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[]", ["PM005"]),
        ("5", ["PM005"]),
        ("~", ["PM005"]),
        ("{}", ["PM004"] * 3),
        ("{version: 1, project: a, services: {}}", ["PM010"]),
        ("{version: 1, project: a, services: }", ["PM005"]),
        ("{version: 1, project: a, services: {a: }}", ["PM005"]),
        ("{version: 2, project: a, services: {a: {kind: scalable, command: x}}}", ["PM009"]),
        ("{version: '1', project: a, services: {a: {kind: scalable, command: x}}}", ["PM005"]),
        ("{version: 1, project: a, services: {a: {kind: scalable, command: ' '}}}", ["PM010"]),
        ("{version: 1, project: a, services: {a: {kind: scalable, command: []}}}", ["PM010"]),
        ("{version: 1, project: a, services: {a: {kind: scalable, command: [x], shell: true}}}", ["PM010"]),
        ("{version: 1, project: a, services: {a: {kind: scalable, command: 'a \"b'}}}", ["PM010"]),
    ],
)
def test_manifests_of_the_wrong_shape(text: str, expected: list[str]) -> None:
    """Whatever stands where a mapping should, the findings say so."""
    assert codes(text) == expected


def test_the_tables_defaults_are_those_of_the_values() -> None:
    """What the schema and the guide call a default is what the values have."""
    manifest, _, _ = load(service(""))
    assert manifest is not None
    plain = manifest.services[0]
    assert plain == Service("api", Kind.SCALABLE, ("node",))
    assert Logs(_default(life.LOGS_SIZE), _default(life.LOGS_KEEP)) == plain.logs
    counted = (_default(life.RESTART_MAX), _default(life.RESTART_WITHIN), _default(life.RESTART_DELAY))
    paused = (_default(life.BACKOFF_FACTOR), _default(life.BACKOFF_MAX), _default(life.RESTART_RETRY))
    assert Restart(*counted, Policy(_default(life.RESTART_POLICY)), *paused, (0,)) == Restart()
    assert life.SUCCESS_CODES.default == [0]
    assert Stop(_default(life.STOP_TIMEOUT), _default(life.STOP_SIGNAL)) == Stop()
    assert Start(_default(life.START_TIME)) == Start()
    probe = Ready(
        timeout=_default(ready_keys.TIMEOUT),
        attempt=_default(ready_keys.ATTEMPT),
        successes=_default(ready_keys.SUCCESSES),
        start_period=_default(ready_keys.START_PERIOD),
        status=_default(probe_keys.STATUS),
    )
    assert probe == Ready()
    assert probe.status == Alive().status
    assert Instances(*_default(keys.INSTANCES)) == Instances()


def _default(key: Field[T]) -> T:
    scalar = Scalar(str(key.default), plain=True, span=Span(1, 1, 1, 2))
    value = key.kind.read(scalar, (), Sink("m", Places()))
    assert value is not None
    return value


def test_every_field_is_described_and_its_examples_hold() -> None:
    """The table is what users read: every key has a sentence, and examples pass their own check."""
    fields = list(_fields(keys.MANIFEST))
    assert len(fields) > 30
    assert [f.name for f in fields if not f.description.endswith(".")] == []


def _fields(record: Record) -> list[Field[object]]:
    inner = [f.kind for f in record.fields if isinstance(f.kind, Record)]
    tables = [getattr(f.kind, "item", None) for f in record.fields]
    below = [*inner, *(t for t in tables if isinstance(t, Record))]
    return [*record.fields, *(f for part in below for f in _fields(part))]


WORDS = st.sampled_from(
    ["", "x", "-1", "2", "auto", "400M", "5s", "true", "[]", "{}", "[a]", "{min: 2}", "{a: {b: 1}}", "&a x", "*a",
    "'", '"', "\t",
     "${A}", "${", "$${A}", "<<: *a", "x-y: 1", "!!int 5", "mqtt://u:p@h", "a/#", "é\u0301", "\x07", "- ", ": ", "# ",
     "\n", "    "]
)  # fmt: skip


@settings(max_examples=300)
@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), WORDS), min_size=1, max_size=4))
def test_any_mutation_gives_findings_or_a_manifest(cuts: list[tuple[int, int, str]]) -> None:
    """However a good manifest is mangled, nothing is raised."""
    text = GOOD
    for start, length, word in cuts:
        text = text[:start] + word + text[start + length :]
    manifest, findings, _ = load(text, {"A": "1"})
    assert manifest is not None or findings


def test_the_checker_is_quick() -> None:
    """Reading and checking a manifest takes some thousand calls, a few milliseconds, and no more per service for many.

    `bench/run.py validate` times it.
    """
    load(GOOD)
    assert calls(lambda: load(GOOD), 8_000) > 0

    def of(services: int) -> int:
        text = "".join(f"  s{n}: {{kind: scalable, command: a, listen: 127.0.0.1:3{n:03}}}\n" for n in range(services))
        return calls(lambda: load(f"version: 1\nproject: a\nservices:\n{text}"), 1_000 * services)

    assert of(200) < 2.1 * of(100)


def test_guesses_are_few() -> None:
    """Guessing what was meant is costly, so it ends after some findings; every unknown key is still told."""
    _, findings, _ = load(service("".join(f"memory{i}: 1\n" for i in range(500))))
    assert [f.code for f in findings] == ["PM003"] * 500
    guessed = ["did you mean" in f.help for f in findings]
    assert guessed == [True] * 50 + [False] * 450


def test_a_restart_policy_is_read_whole() -> None:
    """Every key of `restart` reaches the value; `never` is a pause without an end."""
    text = "restart: {policy: on-failure, delay: 2s, backoff: {factor: 3, max: 5m}, max: 4, within: 90s, retry: never}"
    manifest, findings, _ = load(service(text.replace("retry", "success_codes: [0, 7], retry")))
    assert findings == ()
    assert manifest is not None
    expected = Restart(4, 90.0, 2.0, Policy.ON_FAILURE, 3, 300.0, None, (0, 7))
    assert manifest.services[0].restart == expected


def test_a_liveness_probe_is_read_whole() -> None:
    """Every key of `alive` reaches the value, and what is left out is the default."""
    text = "alive: {http: /h, tcp: true, notify: true, interval: 5s, timeout: 1s, failures: 2, start_period: 1m}"
    manifest, findings, _ = load(service(text))
    assert findings == ()
    assert manifest is not None
    assert manifest.services[0].alive == Alive("/h", True, True, 5.0, 1.0, 2, 60.0)
    assert load(service("alive: {}"))[0].services[0].alive == Alive()  # type: ignore[union-attr]


def test_every_kind_of_probe_is_read() -> None:
    """Each key of `ready` and of what `alive` has in common with it reaches the value, in each of its forms."""
    times = "timeout: 1m, attempt: 3s, interval: 4s, successes: 5, start_period: 6s"
    kinds = "http: {path: /h, status: [200, 300-303], body: ok}, tcp: 127.0.0.1:80, exec: check 'a b', log: up *"
    manifest, findings, _ = load(service(f"ready: {{{kinds}, notify: true, ipc: true, {times}}}"))
    assert findings == ()
    assert manifest is not None
    place, statuses, words = Address("127.0.0.1", 80), ((200, 200), (300, 303)), ("check", "a b")
    times_read = (3.0, 4.0, 5, 6.0)
    assert manifest.services[0].ready == Ready(
        "/h", 60.0, True, True, place, words, "up *", statuses, "ok", *times_read
    )
    text = "alive: {http: {path: /h, status: 204, body: 7}, tcp: false, exec: [check, '']}"
    read = load(service(text))[0]
    assert read is not None
    expected = Alive("/h", command=("check", ""), status=((204, 204),), body="7")
    assert read.services[0].alive == expected
    for word, alone in (("notify", Ready(notify=True)), ("ipc", Ready(ipc=True)), ("tcp", Ready(tcp=True))):
        short, long = (load(service(f"ready: {form}"))[0] for form in (word, f"{{{word}: true}}"))
        assert short is not None
        assert long is not None
        assert short.services[0].ready == long.services[0].ready == alone


def test_a_dependency_is_read_and_a_misspelt_one_is_told() -> None:
    """`depends_on` keeps its order; a service that is not there is an unknown key, with what was likely meant."""
    jobs = "  job: {kind: singleton, command: a, oneshot: true}\n"
    manifest, _, _ = load(service("depends_on: {job: completed, api: started}") + jobs)
    assert manifest is not None
    assert manifest.services[0].depends_on == (("job", Until.COMPLETED), ("api", Until.STARTED))
    assert manifest.services[1].oneshot
    (found,) = load(service("depends_on: {jop: completed}") + jobs)[1]
    assert (found.code, found.message) == ("PM003", "services.api.depends_on.jop: there is no service 'jop'")
    assert found.help == "did you mean 'job'?"


def test_a_profile_cannot_change_a_service_that_is_not_there() -> None:
    """What a profile says of a misspelt service would be lost; it is an unknown key, with what was likely meant."""
    text = f"profiles: {{small: {{services: {{apo: {{memory: 100M}}}}}}}}\n{service('memory: 200M')}"
    (found,) = load(text)[1]
    assert ("PM003", "profiles.small.services.apo: there is no service 'apo'") == (found.code, found.message)
    assert ("did you mean 'api'?", (1, 31)) == (found.help, (found.span.line, found.span.column))


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ("memory: 400MB", "400M"),
        ("memory: 400Mi", "400M"),
        ("memory: 1.5 GiB", "1.5G"),
        ('memory: "400MB"', "400M"),
        ("memory: 400", None),
        ("memory: 400m", None),
        ("memory: 400 mb", None),
        ("memory: 0MB", None),
        ('instances: "2"', "2"),
        ('instances: "02"', None),
        ('instances: "999"', None),
        ("memroy: 400M", "memory"),
        ("listn: x", "listen"),
        ("foo: x", None),
        ("memory: 1G\n    memroy: 400M", None),
        ("memory: ${A:-400MB}", None),
    ],
)
def test_a_fault_carries_a_fix_only_where_one_thing_can_be_meant(line: str, fix: str | None) -> None:
    """A unit spelt out, a quoted number, one slip in a key that is free; no guess at what a bare number stands for."""
    found = load(service(line))[1]
    assert fix == (found[0].fix.text if found[0].fix else None)
    assert len(found) == 1 or fix is None


def test_a_text_that_no_program_can_be_given_is_refused() -> None:
    """131,071 characters are what one argument may hold; splitting a megabyte of command would take seconds."""
    assert codes(service(f"env: {{A: {'x' * 131_071}}}")) == []
    assert codes(service(f"env: {{A: {'x' * 131_072}}}")) == ["PM010"]
    assert codes(service(f"env: {{A: '{'${B}' * 40_000}'}}")) == ["PM010"]


def test_more_than_a_hundred_profiles_are_refused() -> None:
    """Every profile is laid over every service, so their number is bounded; the schema says the same."""
    profiles = "".join(f"  p{chr(97 + n % 26)}{n}: {{}}\n" for n in range(101))
    assert codes(f"{service('')}profiles:\n{profiles}") == ["PM010"]


def test_a_thousand_faults_are_enough() -> None:
    """What is wrong beyond them is found when they are mended; hostile input costs no more."""
    lines = "".join(f"k{n}: 1\n" for n in range(1500))
    assert len(codes(service("") + lines)) == 1000
    variables = ", ".join(f"A{n}: '${{B{n}}}'" for n in range(1500))
    assert len(codes(service(f"env: {{{variables}}}"))) == 1000


@given(
    st.sampled_from(["127.0.0.1", "0.0.0.0", "localhost", "10.0.0.1"]),
    st.from_regex(r"[0-9]{0,7}|[0-9٣]{1,3}", fullmatch=True),
)
def test_an_address_is_read_the_same_with_and_without_the_pattern(host: str, port: str) -> None:
    """The short way that the usual hosts take accepts the ports that the pattern accepts, and no other."""
    fits = port.isascii() and port.isdigit() and not port.startswith("0") and len(port) < 6 and int(port) <= 65535
    assert (codes(service(f"listen: '{host}:{port}'")) == []) is fits


def test_a_unix_socket_without_its_path_lacks_that_alone() -> None:
    """What is missing is told, and not once more as a value that cannot be read."""
    told = load(service('memory: 90M\nlisten: {tcp: "127.0.0.1:3000"}'))[1]
    assert [finding.code for finding in told] == ["PM004", "PM003"]
