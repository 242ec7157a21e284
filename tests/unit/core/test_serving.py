"""How a service comes to its address, read from the words of its command."""

import shlex

import pytest

from procman.core.manifest import Address, Kind, Service, Stop
from procman.core.places import Place, UnixSocket
from procman.core.serving import EITHER, NODE, PYTHON, Serving, environment, opens_itself, serving, told

HERE = Address("127.0.0.1", 3000)


def served(command: str, *, drain: bool = True, interpreter: str | None = None, reachable: bool = True) -> Serving:
    """How a service with this command gets port 3000."""
    service = Service("api", Kind.SCALABLE, tuple(shlex.split(command)), listen=HERE, drain=drain, user="app")
    return serving(service, interpreter, reachable=reachable)


@pytest.mark.parametrize(
    ("command", "runs"),
    [
        ("uvicorn api:app", "uvicorn api:app --fd 3"),
        ("python3 -m uvicorn api:app --port 3000", "python3 -m uvicorn api:app --port 3000 --fd 3"),
        ("nice -n 5 uvicorn api:app", "nice -n 5 uvicorn api:app --fd 3"),
        ("poetry run uvicorn api:app", "poetry run uvicorn api:app --fd 3"),
        ("uvicorn --fd 3 api:app", "uvicorn --fd 3 api:app"),
        ("uvicorn --fd=3 api:app", "uvicorn --fd=3 api:app"),
        ("hypercorn api:app", "hypercorn api:app -b fd://3"),
        ("hypercorn -b 0.0.0.0:3000 api:app", "hypercorn api:app -b fd://3"),
        ("hypercorn --bind=localhost:3000 -w 2 api:app", "hypercorn -w 2 api:app -b fd://3"),
        ("hypercorn -b 127.0.0.1:3001 api:app", "hypercorn -b 127.0.0.1:3001 api:app -b fd://3"),
        ("hypercorn -b fd://3 api:app", "hypercorn -b fd://3 api:app"),
        ("gunicorn -b fd://3 -w 2 api:app", "gunicorn -w 2 api:app"),
        ("gunicorn --bind fd://3 --threads 4 api:app", "gunicorn --threads 4 api:app"),
        ("gunicorn -b 127.0.0.1:3000 api:app", "gunicorn -b 127.0.0.1:3000 api:app"),
        ("granian --port {port} api:app", "granian --port {port} api:app"),
    ],
)
def test_a_server_is_told_of_its_address(command: str, runs: str) -> None:
    """The option that a server lacks is put in, what stands in the way is left out, and the rest stays."""
    found = served(command)
    assert found.fault == ""
    assert runs == shlex.join(found.argv).replace("'{port}'", "{port}")


@pytest.mark.parametrize(
    ("command", "fault", "advice"),
    [
        ("granian api:app", "granian opens a port of its own", "use uvicorn or hypercorn"),
        ("python -m http.server 3000", "http.server opens a port of its own", "it is for development"),
        ("bun src/index.ts", "bun opens a port of its own", "run it with node"),
        ("uvicorn --uds /run/api.sock api:app", "--uds in its command has it open a socket", "leave --uds out"),
        ("sh -c 'cd src && exec uvicorn api:app'", "uvicorn runs inside sh", "write --fd 3 in its command"),
        ("sh -c 'exec gunicorn -b fd://3 api:app'", "gunicorn runs inside sh", "leave -b fd://3 out"),
    ],
)
def test_a_command_that_cannot_use_the_address_is_told(command: str, fault: str, advice: str) -> None:
    """What opens a port of its own is a fault with advice, and so is a text of a shell that would have to change."""
    found = served(command)
    assert (found.argv, found.preload) == (tuple(shlex.split(command)), None)
    assert fault in found.fault
    assert advice in found.advice


@pytest.mark.parametrize(
    ("command", "listen", "fault", "advice"),
    [
        ("uvicorn a:b", (HERE, Address("127.0.0.1", 3001)), "takes one address, and this has 2", "use hypercorn"),
        ("granian --port {port} a:b", (UnixSocket("/run/a"),), "is a port, and a unix socket has none", "HOST:PORT"),
    ],
)
def test_an_address_that_a_command_cannot_have_is_told(
    command: str, listen: tuple[Place, ...], fault: str, advice: str
) -> None:
    """More than uvicorn takes; a unix socket where the program is to be told a port."""
    tcp = next((place for place in listen if isinstance(place, Address)), None)
    found = serving(Service("api", Kind.SCALABLE, tuple(command.split()), listen=tcp, listens=listen))
    assert fault in found.fault
    assert advice in found.advice


@pytest.mark.parametrize(
    "command",
    ["node src/index.js", "/usr/bin/nodejs x.js", "npm start", "npx next start", "sh -c 'exec node x.js'", "tsx x.ts"],
)
def test_node_takes_the_address_by_a_preload(command: str) -> None:
    """Whatever starts node, its command stays as it is and a preload sees to the address and to the end."""
    found = served(command)
    assert (found.argv, found.preload, found.drains) == (tuple(shlex.split(command)), NODE, True)
    assert str(found) == "node takes the address by a preload, and is drained by a preload"


def test_the_first_line_of_a_program_tells() -> None:
    """A script that names node or python in its first line is served as they are."""
    assert served("./server", interpreter="node").preload == NODE
    assert served("./api", interpreter="python").preload == PYTHON
    assert served("./api", interpreter="perl").preload == EITHER


@pytest.mark.parametrize(
    "command", ["./run.sh", "sh run.sh", "/opt/api", "sh -c 'node x.js | cat'", "sh -c 'a || true'"]
)
def test_a_program_that_may_start_one_is_given_both(command: str) -> None:
    """A script, or what nothing is known of, may start node or Python: neither preload does anything elsewhere."""
    found = served(command)
    assert (found.argv, found.server, found.preload, found.drains) == (tuple(shlex.split(command)), None, EITHER, True)
    assert (served(command, drain=False).preload, served(command, drain=False).drains) == (EITHER, False)
    assert served(f"{command} {{port}}").preload is None
    service = Service("api", Kind.SCALABLE, tuple(shlex.split(command)), listen=HERE)
    assert serving(service, open_to_all=False) == Serving(service.command)


@pytest.mark.parametrize("command", ["chroot /srv node x.js", "sh -c 'unshare -n ./x'", "docker run -p 3000:3000 api"])
def test_what_goes_to_other_files_is_left_alone(command: str) -> None:
    """Where another root may be in force node would not find the preload, and would not start."""
    assert served(command).preload is None


@pytest.mark.parametrize(
    "text", ["uvicorn --version; exec ./server", "uvicorn a:b & exec java -jar x", "gunicorn x && ./y"]
)
def test_a_server_that_is_not_what_runs_in_the_end_is_no_fault(text: str) -> None:
    """What stands before the last program of a text is not the service."""
    assert (served(shlex.join(("sh", "-c", text))).fault, served(shlex.join(("sh", "-c", text))).preload) == (
        "",
        EITHER,
    )


def test_a_server_in_front_of_a_pipe_is_told() -> None:
    """Its options cannot be put into the text of a shell, wherever in it the server stands."""
    assert served("sh -c 'uvicorn api:app | cat'").fault == "uvicorn runs inside sh"


def test_draining_can_be_turned_off() -> None:
    """With `drain: off` node keeps the preload, which hands it the address, and Python gets none."""
    off = served("node x.js", drain=False)
    assert (off.preload, off.drains) == (NODE, False)
    assert served("uvicorn api:app", drain=False).preload is None
    assert served("uvicorn api:app", drain=False).added == ("--fd", "3")


@pytest.mark.parametrize("command", ["python -I main.py", "python3 -SE main.py", "python -I -m uvicorn --fd 3 a:b"])
def test_python_told_to_ignore_its_path_is_left_alone(command: str) -> None:
    """`python -I` and `-E` would not load a preload: none is promised."""
    assert served(command).preload is None


def test_a_preload_that_cannot_be_read_is_told() -> None:
    """Node would not even start with a preload that its account cannot read; Python goes without."""
    assert served("node x.js", reachable=False).fault == "'app' cannot read what procman loads before node"
    assert served("uvicorn api:app", reachable=False).preload is None


@pytest.mark.parametrize(
    ("word", "becomes", "itself"),
    [
        ("--port={port}", "--port=3000", True),
        ("{{port}}", "{port}", False),
        ("${port}", "${port}", False),
        ("{{port}}:{port}:${port}", "{port}:3000:${port}", True),
        ("port", "port", False),
    ],
)
def test_a_port_can_be_told_and_its_mark_written(word: str, becomes: str, itself: bool) -> None:
    """`{port}` is the port, `{{port}}` the mark itself, and a program that is told nothing opens nothing by itself."""
    assert (told(word, "3000"), opens_itself(("serve", word))) == (becomes, itself)


def test_without_an_address_nothing_is_changed() -> None:
    """A service that does not listen runs as it is written."""
    assert serving(Service("job", Kind.SINGLETON, ("uvicorn", "a:b"))) == Serving(("uvicorn", "a:b"))


def test_variables_of_the_user_are_kept() -> None:
    """The preload comes before what the user has in NODE_OPTIONS and PYTHONPATH, a path with a space is quoted."""
    service = Service("api", Kind.SCALABLE, ("node", "x.js"), listen=HERE, stop=Stop(10, "INT"))
    found = environment(serving(service), "/opt/my procman", service, {"NODE_OPTIONS": "--max-old-space-size=300"})
    assert found == {
        "NODE_OPTIONS": '--require "/opt/my procman/node.cjs" --max-old-space-size=300',
        "PROCMAN_DRAIN": "9 INT",
    }
    service = Service("api", Kind.SCALABLE, ("uvicorn", "a:b"), listen=HERE, stop=Stop(1))
    assert environment(serving(service), "/p", service, {"PYTHONPATH": "/srv/lib"}) == {
        "PYTHONPATH": "/p/python:/srv/lib",
        "PROCMAN_DRAIN": "0.5 TERM",
    }
