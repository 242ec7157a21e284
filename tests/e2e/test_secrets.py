"""What is secret stays in the spec files and in the services: no output, log, rendered file or command line has it."""

import stat
from collections.abc import Iterator

import psutil
import pytest

from procman.runtime import procfs
from tests.support.projects import Project, ended, project, service

pytestmark = pytest.mark.slow

SECRETS = ("s3cr3t-of-env", "s3cr3t-of-file", "s3cr3t-of-broker", "s3cr3t-of-shell")
COMMANDS = [
    ("validate",),
    ("validate", "--json"),
    ("plan",),
    ("plan", "--json"),
    ("plan", "--ram", "2G"),
    ("up",),
    ("up", "--dry-run"),
    ("status",),
    ("status", "--json"),
    ("scale", "api=3"),
    ("scale", "mqtt=2"),
    ("restart", "mqtt"),
    ("stop", "api-1"),
    ("start", "api-1"),
    ("logs", "api", "mqtt", "supervisord"),
    ("render", "--to", "out"),
    ("schema",),
]


@pytest.fixture(name="secretive", scope="module")
def _secretive() -> Iterator[Project]:
    """A running project with a secret in each place that may hold one; `folder/said` has what `up` said."""
    with project() as shop:
        (shop.folder / ".env").write_text(f"FILE_TOKEN={SECRETS[1]}\n", encoding="utf-8")
        consumes = {"broker": f"mqtt://user:{SECRETS[2]}@{shop.scope}", "topics": ["shop/#"], "client_id": "shop"}
        mqtt = shop.mqtt(consumes=consumes, env_file=".env")
        mqtt["env"] = {**mqtt["env"], "TOKEN": SECRETS[0], "GIVEN": "${SHELL_TOKEN}"}
        shop.write({"api": shop.api(env_file=".env"), "mqtt": mqtt})
        done = ended(shop.run("up", env=shop.environment(SHELL_TOKEN=SECRETS[3])), 0)
        (shop.folder / "said").write_text(done.said, encoding="utf-8")
        yield shop


def test_the_services_have_the_secrets(secretive: Project) -> None:
    """What nobody else sees does reach the consumer, and only there."""
    environment = procfs.environ(secretive.pids()["mqtt-0"]).decode()
    assert [secret in environment for secret in SECRETS] == [True, True, False, True]
    assert f"FILE_TOKEN={SECRETS[1]}" in procfs.environ(secretive.pids()["api-0"]).decode()


def test_no_command_says_a_secret(secretive: Project) -> None:
    """Whatever a command reports, no secret is in it."""
    said: dict[tuple[str, ...], str] = {("first", "up"): (secretive.folder / "said").read_text(encoding="utf-8")}
    for words in COMMANDS:
        said[words] = secretive.run(*words, env=secretive.environment(SHELL_TOKEN=SECRETS[3])).said
    assert [(words, secret) for words, text in said.items() for secret in SECRETS if secret in text] == []


def test_no_refusal_says_a_secret(secretive: Project) -> None:
    """A refused start names the holder of the lock without what it holds in its environment."""
    other = secretive.beside("bakery")
    consumes = {"broker": f"mqtt://user:{SECRETS[2]}@{secretive.scope}", "topics": ["shop/#"], "client_id": "b"}
    other.write({"mqtt": secretive.mqtt(consumes=consumes, env={"TOKEN": SECRETS[0], "MARKS": str(other.marks)})})
    said = ended(other.run("up"), 75).said
    assert [secret for secret in SECRETS if secret in said] == []


def test_no_rendered_file_or_log_has_a_secret(secretive: Project) -> None:
    """The supervisord file, the logs and the names of the locks hold none; the spec files and the record are 0600."""
    files = [secretive.conf, *(secretive.state / "logs").iterdir()]
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in files]
    texts += [str(path) for path in secretive.locks.rglob("*")]
    assert [secret for secret in SECRETS for text in texts if secret in text] == []


def test_no_command_line_has_a_secret(secretive: Project) -> None:
    """Nobody who may list processes sees a secret."""
    lines = [procfs.read(f"/proc/{pid}/cmdline") or b"" for pid in procfs.pids()]
    assert [secret for secret in SECRETS for line in lines if secret.encode() in line] == []


def test_the_state_is_private(secretive: Project) -> None:
    """Every folder of the state directory is 0700, every file 0600, and the socket is its owner's alone."""
    modes = {
        str(path.relative_to(secretive.state)): stat.S_IMODE(path.stat().st_mode)
        for path in (secretive.state, *secretive.state.rglob("*"))
    }
    folders = {name for name in modes if (secretive.state / name).is_dir()}
    assert folders == {".", "logs", "specs", "tokens"}
    assert {name: oct(mode) for name, mode in modes.items() if mode not in (0o700, 0o600)} == {}
    assert {modes[name] for name in folders} == {0o700}


def test_supervisord_listens_on_nothing_but_the_services_address(secretive: Project) -> None:
    """The manager opens no TCP port of its own: it holds the listening sockets of the service, and nothing else."""
    listening = {
        (row.laddr.ip, row.laddr.port)
        for row in psutil.Process(secretive.manager()).net_connections(kind="inet")
        if row.status == psutil.CONN_LISTEN
    }
    assert listening == {("127.0.0.1", secretive.port)}


def test_a_failing_service_is_quoted_without_its_environment(shop: Project) -> None:
    """The last lines that a failed `up` shows are the service's own; procman adds no value of its environment."""
    failing = {"kind": "scalable", "command": service("crasher"), "memory": "10M", "env": {"TOKEN": SECRETS[0]},
               "restart": {"max": 0}}  # fmt: skip
    shop.write({"worker": failing})
    said = ended(shop.run("up"), 1, "crasher: cannot reach the database").said
    assert SECRETS[0] not in said
