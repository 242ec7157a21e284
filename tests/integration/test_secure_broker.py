"""A broker behind TLS and websockets: `verify` and the consumers get through, bad certificates do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from procman.adapters import probes
from procman.adapters.broker import Link
from procman.core.broker_place import BrokerPlace
from procman.core.checks import Unknown
from tests.support.certificates import ELSEWHERE, EXPIRED, GOOD, OWN, Certificates, certificates
from tests.support.members import Shop
from tests.support.projects import Text, ended, project
from tests.support.tiwater import EXACT, Lab, Publisher, answers, free_port, mosquitto, node_lab, python_lab, readings
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MAKERS = {"python": python_lab, "node": node_lab}
SCHEMES = ("mqtts", "ws", "wss")


@dataclass(frozen=True, slots=True)
class Secure:
    """A broker's ports by scheme, and by the kind of a bad certificate."""

    ports: dict[str, int]
    certificates: Certificates

    def url(self, scheme: str, host: str = "localhost", who: str = "someone:sesame@") -> str:
        """Return the URL of one way in; user and password are asked for nowhere."""
        return f"{scheme}://{who}{host}:{self.ports[scheme]}{'/mqtt' if 'ws' in scheme[:3] else ''}"

    def place(self, scheme: str, host: str = "localhost") -> BrokerPlace:
        """Return it with the authority to trust."""
        return BrokerPlace(self.url(scheme, host), self.certificates.ca)

    def bad(self, kind: str) -> BrokerPlace:
        """Return a way in with a certificate of this kind."""
        return BrokerPlace(f"mqtts://someone:sesame@localhost:{self.ports[kind]}", self.certificates.ca)


@contextmanager
def _broker(folder: Path) -> Iterator[Secure]:
    """One mosquitto with a listener of each kind."""
    folder.chmod(0o755)
    made = certificates(folder)
    kinds = {
        "mqtts": made.listener(GOOD),
        "ws": "protocol websockets",
        "wss": f"protocol websockets\n{made.listener(GOOD)}",
        **{kind: made.listener(kind) for kind in (ELSEWHERE, EXPIRED, OWN)},
    }
    ports = {"mqtt": free_port(), **{name: free_port() for name in kinds}}
    extra = "".join(f"listener {ports[name]} 127.0.0.1\n{lines}\n" for name, lines in kinds.items())
    with mosquitto(folder, ports["mqtt"], f"allow_anonymous true\nsys_interval 1\nuser root\n{extra}"):
        wait_until(lambda: all(map(answers, ports.values())), 30, "every listener is there")
        yield Secure(ports, made)


@pytest.fixture(name="secure", scope="module")
def _secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """A broker for all who do not mind what others leave there."""
    with _broker(tmp_path_factory.mktemp("secure")) as secure:
        yield secure


@pytest.fixture(name="fresh")
def _fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """A broker that keeps no session: what it counts is told up to a second late, so nobody may have left just now."""
    with _broker(tmp_path_factory.mktemp("fresh")) as secure:
        yield secure


@pytest.mark.parametrize("scheme", SCHEMES)
def test_probes_get_through(scheme: str, secure: Secure) -> None:
    """Versions, the broker's own words, a share group and a kept session are seen through each of them."""
    place = secure.place(scheme)
    greeting = probes.greet(place)
    assert set(greeting.versions) == {"5", "3.1.1"}
    assert "mosquitto" in greeting.told["version"]
    shared = probes.share(place)
    assert (shared.sent, sum(shared.counts), shared.distinct) == (40, 40, 40)
    seen = probes.away(place, 1, 20)
    assert (seen.present, seen.sent, seen.kept) == (True, 20, 20)


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # by paho, when a websocket is refused
@pytest.mark.parametrize(
    ("make", "what", "advice"),
    [
        (lambda s: s.bad(EXPIRED), "its certificate has expired", "renew"),
        (lambda s: s.bad(ELSEWHERE), "its certificate is for another name", "a name that stands in the certificate"),
        (lambda s: s.bad(OWN), "signed by itself", "consumes.ca"),
        (lambda s: replace(s.place("mqtts"), ca=None), "its authority is not known here", "consumes.ca"),
        (lambda s: replace(s.place("wss"), ca=None), "its authority is not known here", "consumes.ca"),
        (lambda s: replace(s.place("mqtts"), ca="/nowhere/ca.pem"), "/nowhere/ca.pem cannot be read", "consumes.ca"),
        (lambda s: replace(s.place("mqtts"), ca=s.certificates.pair(GOOD)[1]), "holds no certificate", "consumes.ca"),
        (lambda s: BrokerPlace(f"mqtts://me:sesame@localhost:{s.ports['mqtt']}"), "does not speak TLS", "mqtt://"),
        (lambda s: BrokerPlace(f"wss://me:sesame@localhost:{s.ports['ws']}"), "does not speak TLS", "ws://"),
        (lambda s: BrokerPlace(f"mqtt://me:sesame@localhost:{s.ports['mqtts']}"), "closes the connection", "mqtts://"),
        (lambda s: BrokerPlace(f"ws://me:sesame@localhost:{s.ports['mqtt']}"), "no websocket there", "mqtt://"),
    ],
    ids=[
        *("expired", "another name", "signed by itself", "unknown authority", "the same for wss", "no file", "a key"),
        *("TLS to a plain port", "wss to a ws port", "plain to a TLS port", "websocket to a plain port"),
    ],
)
def test_what_cannot_be_trusted_is_told(
    make: Callable[[Secure], BrokerPlace], what: str, advice: str, secure: Secure
) -> None:
    """UNKNOWN with what was seen and the next step, and never the password."""
    with pytest.raises(Unknown) as told, Link(make(secure)):
        pass
    assert what in str(told.value)
    assert advice in told.value.help
    assert "sesame" not in f"{told.value} {told.value.help}"


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_consumer_takes_and_acknowledges(
    scheme: str, make: Callable[[Path], Lab], secure: Secure, tmp_path: Path
) -> None:
    """Killed and started again in the middle, through each of them: 600 readings are 600 rows, and none comes again."""
    lab, published = make(tmp_path), readings(600)
    messages = list(published.values())
    topic = f"tiwater/{scheme}{lab.example.name[-4:]}/data"
    told = {
        "MQTT_BROKER": secure.url(scheme),
        "MQTT_CA": secure.certificates.ca,
        "MQTT_CLIENT_ID": f"{scheme}-{lab.example.name}",
        "MQTT_TOPIC": topic,
    }
    with Publisher(secure.ports["mqtt"]) as publisher:
        with lab.consumer(**told) as consumer:
            consumer.wait_for("subscribed")
            publisher.publish((topic, payload) for _, payload in messages[:300])
            lab.wait_for_rows(100)
            consumer.kill()
        publisher.publish((topic, payload) for _, payload in messages[300:])
        assert publisher.confirmed() == 600
        with lab.consumer(log="again.log", **told) as consumer:
            consumer.wait_for("session kept")
            lab.wait_for_rows(600)
            assert consumer.stop() == 0
            assert "sesame" not in consumer.log()
        with lab.consumer(log="third.log", **told) as consumer:
            consumer.wait_for("session kept")
            assert consumer.stop() == 0
    assert lab.total() == 600
    assert lab.select("SELECT 1 FROM dead_letters") == []


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_consumer_tells_what_it_does_not_trust(make: Callable[[Path], Lab], secure: Secure, tmp_path: Path) -> None:
    """An authority that it does not know is said, and tried again; a file that is not there is a wrong setting."""
    lab = make(tmp_path)
    with lab.consumer(MQTT_BROKER=secure.url("mqtts")) as consumer:
        consumer.wait_for("next try in", times=2)
        assert "certificate" in consumer.log()
        assert "sesame" not in consumer.log()
    with lab.consumer(log="no-file.log", MQTT_BROKER=secure.url("mqtts"), MQTT_CA="/nowhere/ca.pem") as consumer:
        assert consumer.process.wait(20) == 78
        assert "MQTT_CA: there is no file /nowhere/ca.pem" in consumer.log()


@pytest.mark.parametrize(("scheme", "make"), [("mqtts", python_lab), ("wss", node_lab)], ids=["mqtts", "wss"])
def test_verify_and_scale_through(scheme: str, make: Callable[[Path], Lab], fresh: Secure) -> None:
    """Every check of `verify` passes, the canary, too; a member is added and leaves; `ca` is a relative path."""
    with project() as shop:
        (shop.folder / "ca.pem").write_text(Path(fresh.certificates.ca).read_text())
        members = Shop(shop, fresh.ports["mqtt"], make(shop.folder))
        prefix = f"{scheme}{shop.home.parent.name}"
        canary = {
            "topic": f"{prefix}/{{tag}}/data",
            "payload": '{"timestamp": "{time}", "equipo_id": "E{n}", "values": {"x": 1}}',
            "column": "codigo_tienda",
        }
        url = fresh.url(scheme)

        def through(service: Text) -> Text:
            consumes = {**service["consumes"], "broker": url, "ca": "../ca.pem", "topics": [f"{prefix}/+/data"]}
            consumes |= {"client_id": prefix, "share": prefix, "canary": canary, "rate": 10, "downtime": "1m"}
            env = {**service["env"], "MQTT_BROKER": url}
            return {**service, "directory": members.lab.example.name, "env": env, "consumes": consumes}

        members.begin(change=through)
        done = ended(shop.run("verify", "--json"), 0)
        verdicts = {row["name"]: row["verdict"] for row in done.json()["checks"]}
        names = ("broker", "session", "queue-limit", "shared-subscription", "unique-key", "canary", "strays")
        assert set(verdicts) == set(names)
        assert set(verdicts.values()) == {"PASS"}
        assert "sesame" not in done.said
        ended(shop.run("scale", "mqtt=2"), 0)
        ended(shop.run("verify", "--only", "members"), 0)
        published = readings(200)
        with Publisher(fresh.ports["mqtt"]) as publisher:
            publisher.publish((f"{prefix}{topic.removeprefix('tiwater')}", load) for topic, load in published.values())
            assert publisher.confirmed() == 200
        wait_until(lambda: members.lab.compare(published) == EXACT, 60, "all rows")
        ended(shop.run("scale", "mqtt=1"), 0)
        wait_until(lambda: members.waiting() == 0, 60, "no session waits")
        shop.write({"mqtt": {**through(members.mqtt(1)), "consumes": _untold(through(members.mqtt(1)))}})
        done = ended(shop.run("verify", "--only", "broker"), 3, "its authority is not known here", "consumes.ca")
        assert "sesame" not in done.said


def _untold(service: Text) -> Text:
    return {key: value for key, value in service["consumes"].items() if key != "ca"}
