"""The consumer's door to the broker: a persistent session, from which messages are taken and acknowledged.

Everything happens in the caller's thread, inside take() and acknowledge(): while a batch is being committed
nothing more is read, so a slow database slows the broker down instead of filling memory: at most BATCH
messages wait here. Nothing is acknowledged on its own.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from broker_url import BrokerUrl
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

QOS = 1  # at least once: the broker keeps a message until it is acknowledged
KEEPALIVE_SECONDS = 30
CONNECT_SECONDS = 3.0
IDLE_SECONDS = 0.25  # how long take() waits for a first message, and so how soon a stop is noticed
# How long it then collects more, unless they pause before that: a broker stops when so many messages wait for
# an acknowledgement as it allows (mosquitto: 20, unless max_inflight_messages says otherwise).
LINGER_SECONDS = 0.02
PAUSE_SECONDS = 0.003
BATCH = 500
QUIET_ROUNDS = 2  # answers in a row with no message before them, until nothing is held to be left for a member

LOG = logging.getLogger("tiwater.broker")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came. Its packet id means something on its own connection only."""

    topic: str
    payload: bytes
    packet_id: int
    qos: int
    connection: int


class SessionKept(Exception):
    """The broker did not confirm that the session has ended; it may still keep messages for it."""


class BackOff:
    """Waits that double from `first` to `longest` seconds until a success."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def wait(self) -> float:
        """The wait after one more failure, in seconds."""
        seconds, self._next = self._next, min(self._next * 2, self._longest)
        return seconds

    def reset(self) -> None:
        """Start over after a success."""
        self._next = self._first


class BrokerLink:
    """One client with a fixed id: while it is away the broker keeps its session and what it owes it."""

    def __init__(self, broker: BrokerUrl, topics: Sequence[str], client_id: str, ca: str | None = None) -> None:
        self._broker, self._topics, self._client_id, self._ca = broker, tuple(topics), client_id, ca
        self._inbox: list[Delivery] = []
        self._connection = 0
        self._open = False
        self._connect_at = 0.0
        self._connect_wait = BackOff(0.5, 10)
        self._subscribe_at: float | None = None
        self._subscribe_wait = BackOff(2, 30)
        self._subscribed = False
        self._leaving = False
        self._question: int | None = None
        self._ask_at = 0.0
        self._quiet_rounds = 0
        self._client = self._make_client(clean=False)

    @property
    def subscribed(self) -> bool:
        """Whether the broker has confirmed the subscription on the connection that is open now."""
        return self._open and self._subscribed

    @property
    def drained(self) -> bool:
        """Whether, after leave(), nothing is left for this member at the broker."""
        return self._quiet_rounds >= QUIET_ROUNDS

    def take(self) -> list[Delivery]:
        """Up to BATCH messages; none when none came for a moment. Reconnects when it is time."""
        if not self._open and not self._connect():
            time.sleep(IDLE_SECONDS)
            return []
        self._subscribe_when_due()
        self._turn(IDLE_SECONDS)
        until, seen = time.monotonic() + LINGER_SECONDS, 0
        while self._open and seen < len(self._inbox) < BATCH and time.monotonic() < until:
            seen = len(self._inbox)
            self._turn(PAUSE_SECONDS)
        taken, self._inbox = self._inbox, []
        return taken

    def leave(self) -> None:
        """Unsubscribe from now on; take() then brings what the broker has kept for this member, until `drained`."""
        self._leaving, self._subscribed, self._subscribe_at = True, False, None

    def end_session(self) -> None:
        """Leave for good, after close(): the broker forgets the session. SessionKept when it does not say so."""
        ended: list[bool] = []
        # MQTT 3.1.1 ends a session by opening it once more, clean, under the same client id.
        client = self._make_client(clean=True)
        client.on_connect = lambda _client, _data, _flags, code, _properties: ended.append(not code.is_failure)
        client.on_subscribe = client.on_message = None
        try:
            client.connect(self._broker.host, self._broker.port, KEEPALIVE_SECONDS)
        except OSError as error:
            raise SessionKept(f"cannot reach broker {self._broker} to end the session ({error})") from error
        until = time.monotonic() + CONNECT_SECONDS
        while not ended and client.loop(IDLE_SECONDS) == mqtt.MQTT_ERR_SUCCESS and time.monotonic() < until:
            pass
        client.disconnect()
        if ended != [True]:
            raise SessionKept(f"broker {self._broker} did not confirm that the session has ended")

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """Tell the broker that these are safe.

        One that came on an earlier connection is skipped: the broker sends it again, and on the new
        connection its packet id may name another message, which would be lost.
        """
        for delivery in deliveries:
            if self._open and delivery.connection == self._connection:
                self._client.ack(delivery.packet_id, delivery.qos)

    def close(self, within: float = 2.0) -> None:
        """Send what waits, acknowledgements first, and leave; the session stays with the broker."""
        connection = self._client.socket()
        if connection is None:
            return
        # The client closes its socket as soon as it has said goodbye. With messages unread in it that resets the
        # connection, and acknowledgements the broker has not read yet are gone. So hold the socket and read to the end.
        with socket.socket(fileno=os.dup(connection.fileno())) as held:
            self._client.disconnect()
            until = time.monotonic() + within
            while self._client.loop(0.1) == mqtt.MQTT_ERR_SUCCESS and time.monotonic() < until:
                pass
            _read_to_end(held, until)
        self._open = False

    def _make_client(self, *, clean: bool) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._client_id,
            clean_session=clean,
            protocol=mqtt.MQTTv311,
            transport="websockets" if self._broker.websocket else "tcp",
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_SECONDS
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set(ca_certs=self._ca)  # without: the authorities of the system
        if self._broker.path:
            client.ws_set_options(path=self._broker.path)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_unsubscribe = self._on_unsubscribe
        client.on_message = self._on_message
        return client

    def _connect(self) -> bool:
        if time.monotonic() < self._connect_at:
            return False
        self._connection += 1
        self._subscribed, self._subscribe_at = False, None
        self._question, self._quiet_rounds = None, 0
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_SECONDS)
        except OSError as error:
            self._lost(f"cannot reach it ({error})")
            return False
        self._open = True
        return True

    def _turn(self, timeout: float) -> None:
        """Let the client read and write what there is; it calls the _on_... functions below."""
        code, seen = self._client.loop(timeout), 0
        while code == mqtt.MQTT_ERR_SUCCESS and seen < len(self._inbox) < BATCH:
            seen = len(self._inbox)
            code = self._client.loop_read()  # one packet, or nothing
        if code != mqtt.MQTT_ERR_SUCCESS:
            self._lost(mqtt.error_string(code))

    def _lost(self, reason: str) -> None:
        self._open = False
        seconds = self._connect_wait.wait()
        self._connect_at = time.monotonic() + seconds
        LOG.warning("broker %s: %s; next try in %g s", self._broker, reason, seconds)

    def _subscribe_when_due(self) -> None:
        """Subscribe, and again until the broker confirms it: an answer may be a refusal or never come.

        A member that leaves unsubscribes instead, again and again: where packets come in order, an answer with no
        message before it means that none is left.
        """
        if self._leaving:
            if self._question is None and self._client.is_connected() and time.monotonic() >= self._ask_at:
                self._ask_at = time.monotonic() + IDLE_SECONDS  # time for a broker that does not answer in order
                _code, self._question = self._client.unsubscribe(list(self._topics))
            return
        if self._subscribe_at is not None and time.monotonic() >= self._subscribe_at:
            self._subscribe_at = time.monotonic() + self._subscribe_wait.wait()
            self._client.subscribe([(topic, QOS) for topic in self._topics])

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        flags: mqtt.ConnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if code.is_failure:
            LOG.error("broker %s refused the connection: %s", self._broker, code)
            return
        session = "session kept" if flags.session_present else "new session"
        LOG.info("connected to %s, %s", self._broker, session)
        self._connect_wait.reset()
        self._subscribe_at = time.monotonic()

    def _on_subscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        _mid: int,
        codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        refused = [code for code in codes if code.value != QOS]  # QoS 0 means messages lost at every restart
        topics = ", ".join(self._topics)
        if refused:
            LOG.error("broker %s refused %s at QoS %d: %s; trying again", self._broker, topics, QOS, refused[0])
            return
        LOG.info("subscribed to %s", topics)
        self._subscribed, self._subscribe_at = True, None
        self._subscribe_wait.reset()

    def _on_unsubscribe(
        self,
        _client: mqtt.Client,
        _data: object,
        mid: int,
        _codes: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        if mid == self._question:
            self._question = None
            self._quiet_rounds += 1

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        # What is in hand while a question is open makes its answer worth nothing: it is not acknowledged yet.
        self._question, self._quiet_rounds = None, 0
        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""  # forbidden by MQTT; the message is set aside like any other that is not a reading
        self._inbox.append(Delivery(topic, bytes(message.payload), message.mid, message.qos, self._connection))


def _read_to_end(connection: socket.socket, until: float) -> None:
    """Throw away what still comes until the broker has closed its side."""
    with contextlib.suppress(OSError):  # a timeout or a reset: nothing more can be done for this connection
        while (left := until - time.monotonic()) > 0:
            connection.settimeout(left)
            if not connection.recv(65536):
                return
