"""The door to an MQTT broker, through paho-mqtt, which is an extra and imported late. Connects, sends, collects.

Every connection has a client id of its own unless it is given one, and no message repeats a password.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from procman.core.checks import Unknown
from procman.core.mqtt import DEFAULT_PORTS, without_credentials
from procman.core.values import dataclass

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessage, MQTTMessageInfo

INSTALL = "pip install 'procman[verify]'"
SECONDS = 5.0
KEPT = 600
"""Seconds that a session of ours may outlive us, should we be killed before we end it."""

MOST_IN_FLIGHT = 500
NO_SUBSCRIBERS = 16
"""MQTT 5, section 3.4.2.1: a PUBACK that says that nobody subscribes to the topic."""

V5, V311 = 5, 4
VERSIONS = {V5: "5", V311: "3.1.1"}
ENCRYPTED = ("mqtts", "ssl", "wss")


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
    """One connection to the broker at `url`; a context that closes it. Unknown when the broker cannot be reached.

    `clean`: a session that begins and ends with it. `manual`: what comes is acknowledged by `acknowledge` alone.
    """

    def __init__(
        self, url: str, client_id: str | None = None, *, version: int = V5, clean: bool = True, manual: bool = False
    ) -> None:
        self.received: list[Message] = []
        self.session_present = False
        self.version = version
        self._url, self._clean = url, clean
        self._changed = threading.Condition()
        self._answers: dict[str, Any] = {}
        self._sent: dict[int, int] = {}
        self._client = _client(url, client_id or f"procman-{uuid.uuid4().hex[:12]}", version, clean, manual)
        self._listen()

    def __enter__(self) -> Self:
        """Connect; Refused when the broker says no."""
        parts = urlsplit(self._url)
        port = parts.port or DEFAULT_PORTS[parts.scheme.lower()]
        try:
            if self.version == V5:
                self._client.connect(
                    parts.hostname or "", port, 60, clean_start=self._clean, properties=_expiry(self._clean)
                )
            else:
                self._client.connect(parts.hostname or "", port, 60)
        except (OSError, ValueError) as error:
            words = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unknown(f"{self._named} cannot be reached: {words}", "see that the broker runs there") from None
        self._client.loop_start()
        answer = self._answer("connect", "does not answer")
        if answer.is_failure:
            self._client.loop_stop()
            advice = "see user, password and access rules of the broker"
            raise Refused(f"{self._named} refuses the connection: {answer}", advice)
        return self

    def __exit__(self, *_error: object) -> None:
        """Disconnect and stop; nothing is left running."""
        self._client.disconnect()
        self._client.loop_stop()
        # They name this link, which names the client: without them it is let go, and its sockets closed, at once.
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
        return without_credentials(self._url)

    def _answer(self, name: str, silence: str) -> Any:  # noqa: ANN401 - what paho hands to its callbacks
        if not self.wait(lambda: name in self._answers or "lost" in self._answers, SECONDS):
            raise Unknown(f"{self._named} {silence} within {SECONDS:.0f} s", "see the broker's log")
        if name not in self._answers:
            raise Unknown(f"{self._named} closes the connection", "see the broker's log")
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


def _client(url: str, client_id: str, version: int, clean: bool, manual: bool) -> Client:  # noqa: FBT001 - of Link
    if find_spec("paho") is None:
        raise Unknown("paho-mqtt is not installed, so no broker can be asked", INSTALL)
    from paho.mqtt.client import Client  # noqa: PLC0415 - an extra
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415 - same

    parts = urlsplit(url)
    web = parts.scheme.lower() in ("ws", "wss")
    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if version == V5 else clean,
        protocol=MQTTProtocolVersion(version),
        transport="websockets" if web else "tcp",
        reconnect_on_failure=False,
        manual_ack=manual,
    )
    client.connect_timeout = SECONDS
    client.max_inflight_messages_set(MOST_IN_FLIGHT)
    if web and parts.path:
        client.ws_set_options(path=parts.path)
    if parts.username:
        client.username_pw_set(unquote(parts.username), unquote(parts.password or ""))
    if parts.scheme.lower() in ENCRYPTED:
        client.tls_set()
    return client


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
