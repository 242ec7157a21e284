"""The door to an MQTT broker, through paho-mqtt, which is an extra and imported late. Connects, sends, collects.

Every connection has a client id of its own unless it is given one, and no message repeats a password.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from procman.adapters import broker_client
from procman.adapters.broker_client import SECONDS, V5
from procman.core.broker_place import BrokerPlace, silent
from procman.core.checks import Unknown
from procman.core.mqtt import door, without_credentials
from procman.core.values import dataclass

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo

KEPT = 600
"""Seconds that a session of ours may outlive us, should we be killed before we end it."""

NO_SUBSCRIBERS = 16
"""MQTT 5, section 3.4.2.1: a PUBACK that says that nobody subscribes to the topic."""

V311 = 4
VERSIONS = {V5: "5", V311: "3.1.1"}


@dataclass(frozen=True, slots=True)
class Message:
    """What was received."""

    topic: str
    payload: bytes
    qos: int
    mid: int
    retained: bool = False


class Refused(Unknown):
    """The broker answered and said no; in its words."""


class Link:
    """One connection to the broker at `place`; a context that closes it. Unknown when the broker cannot be reached.

    `clean`: a session that begins and ends with it. `manual`: what comes is acknowledged by `acknowledge` alone.
    """

    def __init__(
        self,
        place: BrokerPlace | str,
        client_id: str | None = None,
        *,
        version: int = V5,
        clean: bool = True,
        manual: bool = False,
    ) -> None:
        self.received: list[Message] = []
        self.session_present = False
        self.version = version
        self._place = place if isinstance(place, BrokerPlace) else BrokerPlace(place)
        self._clean = clean
        self._changed = threading.Condition()
        self._answers: dict[str, Any] = {}
        self._sent: dict[int, int] = {}
        name = client_id or f"procman-{uuid.uuid4().hex[:12]}"
        self._client = broker_client.client(self._place, name, version, clean=clean, manual=manual)
        self._listen()

    def __enter__(self) -> Self:
        """Connect; Refused when the broker says no."""
        host, port = door(self._place.url)
        failed: Unknown | None = None
        try:
            broker_client.shake_hands(self._place)
            if self.version == V5:
                self._client.connect(host, port, 60, clean_start=self._clean, properties=_expiry(self._clean))
            else:
                self._client.connect(host, port, 60)
        except (OSError, ValueError) as error:
            failed = broker_client.unreachable(self._place, error)
        if failed is not None:  # raised out here it does not hold on to what paho leaves open
            self._let_go()
            raise failed
        self._client.loop_start()
        try:
            answer = self._answer("connect", "does not answer")
        except Unknown:
            self.__exit__()
            raise
        if answer.is_failure:
            self.__exit__()
            advice = "see user, password and access rules of the broker"
            raise Refused(f"{self._named} refuses the connection: {answer}", advice)
        return self

    def __exit__(self, *_error: object) -> None:
        """Disconnect and stop; nothing is left running."""
        self._client.disconnect()
        self._client.loop_stop()
        self._let_go()

    def _let_go(self) -> None:
        """Forget the callbacks: they name this link, which names the client, and its sockets stay open with it."""
        client = self._client
        client.on_connect = client.on_message = client.on_publish = client.on_disconnect = None
        client.on_subscribe = client.on_unsubscribe = None

    def subscribe(self, filters: Sequence[str], qos: int) -> tuple[int, ...]:
        """Subscribe and return what was granted for each: 0 to 2, from 128 on it was refused."""
        self._answers.pop("subscribe", None)
        self._client.subscribe([(each, qos) for each in filters])
        return tuple(self._answer("subscribe", "does not answer a subscription"))

    def unsubscribe(self, filters: Sequence[str]) -> None:
        """Unsubscribe, and wait until the broker has said so."""
        self._answers.pop("unsubscribe", None)
        self._client.unsubscribe(list(filters))
        self._answer("unsubscribe", "does not answer")

    def publish(self, messages: Sequence[tuple[str, bytes]], qos: int = 1, *, retain: bool = False) -> tuple[int, ...]:
        """Publish `messages`, wait until the broker has taken them, and return its answers (MQTT 5)."""
        infos = [self._client.publish(topic, payload, qos, retain) for topic, payload in messages]
        if not self.wait(lambda: all(_is_out(info) for info in infos), SECONDS + len(messages) / 1000):
            raise Unknown(f"{self._named} does not take messages", "see its log")
        return tuple(self._sent.get(info.mid, 0) for info in infos)

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that `message` is dealt with."""
        self._client.ack(message.mid, message.qos)

    def wait(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait until `condition` holds; tell whether it came true in `seconds`."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while not condition():
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.1))
        return True

    def settle(self, quiet: float, seconds: float) -> None:
        """Wait until nothing has come for `quiet` seconds, at most `seconds` in all."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = len(self.received)
            if not self.wait(lambda before=before: len(self.received) > before, quiet):  # type: ignore[misc]
                return

    @property
    def _named(self) -> str:
        return without_credentials(self._place.url)

    def _answer(self, name: str, silence: str) -> Any:  # noqa: ANN401 - what paho hands to its callbacks
        if not self.wait(lambda: name in self._answers or "lost" in self._answers, SECONDS):
            raise Unknown(f"{self._named} {silence} within {SECONDS:.0f} s", "see the broker's log")
        if name not in self._answers:
            raise Unknown(f"{self._named} closes the connection", silent(urlsplit(self._place.url).scheme.lower()))
        return self._answers[name]

    def _listen(self) -> None:
        client = self._client

        def told(name: str, value: object) -> None:
            with self._changed:
                self._answers[name] = value
                self._changed.notify_all()

        def connected(_client: Client, _data: object, flags: Any, code: object, _more: object) -> None:  # noqa: ANN401
            self.session_present = bool(flags.session_present)
            told("connect", code)

        def came(_client: Client, _data: object, message: MQTTMessage) -> None:
            with self._changed:
                self.received.append(
                    Message(message.topic, bytes(message.payload), message.qos, message.mid, message.retain)
                )
                self._changed.notify_all()

        def sent(_client: Client, _data: object, mid: int, code: Any, _more: object) -> None:  # noqa: ANN401
            with self._changed:
                self._sent[mid] = code.value
                self._changed.notify_all()

        client.on_connect = connected
        client.on_message = came
        client.on_publish = sent
        client.on_subscribe = lambda _c, _d, _m, codes, _p: told("subscribe", [code.value for code in codes])
        client.on_unsubscribe = lambda _c, _d, _m, codes, _p: told("unsubscribe", codes)
        client.on_disconnect = lambda _c, _d, _f, code, _p: told("lost", code)


def _is_out(info: MQTTMessageInfo) -> bool:
    try:
        return info.is_published()
    except (ValueError, RuntimeError):
        return False


def _expiry(clean: bool) -> Any:  # noqa: ANN401, FBT001 - paho's properties, of Link
    from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - an extra
    from paho.mqtt.properties import Properties  # noqa: PLC0415 - same

    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    properties.SessionExpiryInterval = 0 if clean else KEPT
    return properties
