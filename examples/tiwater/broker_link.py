"""The consumer's door to the broker: a persistent session, from which messages are taken and acknowledged.

Everything happens in the caller's thread, inside take() and acknowledge(): while a batch is being committed
nothing more is read, so a slow database slows the broker down instead of filling memory. Nothing is
acknowledged on its own.
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
LINGER_SECONDS = 0.02  # how long it then collects more
BATCH = 500

LOG = logging.getLogger("tiwater.broker")


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message as it came. Its packet id means something on its own connection only."""

    topic: str
    payload: bytes
    packet_id: int
    qos: int
    connection: int


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

    def __init__(self, broker: BrokerUrl, topic: str, client_id: str) -> None:
        self._broker, self._topic = broker, topic
        self._inbox: list[Delivery] = []
        self._connection = 0
        self._open = False
        self._connect_at = 0.0
        self._connect_wait = BackOff(0.5, 10)
        self._subscribe_at: float | None = None
        self._subscribe_wait = BackOff(2, 30)
        self._client = self._make_client(client_id)

    def take(self) -> list[Delivery]:
        """Up to BATCH messages; none when none came for a moment. Reconnects when it is time."""
        if not self._open and not self._connect():
            time.sleep(IDLE_SECONDS)
            return []
        self._subscribe_when_due()
        self._turn(IDLE_SECONDS)
        until = time.monotonic() + LINGER_SECONDS
        while self._open and 0 < len(self._inbox) < BATCH and time.monotonic() < until:
            self._turn(LINGER_SECONDS)
        taken, self._inbox = self._inbox, []
        return taken

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

    def _make_client(self, client_id: str) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=mqtt.MQTTv311,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_SECONDS
        if self._broker.username is not None:
            client.username_pw_set(self._broker.username, self._broker.password)
        if self._broker.tls:
            client.tls_set()
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _connect(self) -> bool:
        if time.monotonic() < self._connect_at:
            return False
        self._connection += 1
        self._subscribe_at = None
        try:
            self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_SECONDS)
        except OSError as error:
            self._lost(f"cannot reach it ({error})")
            return False
        self._open = True
        return True

    def _turn(self, timeout: float) -> None:
        """Let the client read and write once; it calls the _on_... functions below."""
        code = self._client.loop(timeout)
        if code != mqtt.MQTT_ERR_SUCCESS:
            self._lost(mqtt.error_string(code))

    def _lost(self, reason: str) -> None:
        self._open = False
        seconds = self._connect_wait.wait()
        self._connect_at = time.monotonic() + seconds
        LOG.warning("broker %s: %s; next try in %g s", self._broker, reason, seconds)

    def _subscribe_when_due(self) -> None:
        """Subscribe, and again until the broker confirms it: an answer may be a refusal or never come."""
        if self._subscribe_at is not None and time.monotonic() >= self._subscribe_at:
            self._subscribe_at = time.monotonic() + self._subscribe_wait.wait()
            self._client.subscribe(self._topic, qos=QOS)

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
        if refused:
            LOG.error("broker %s refused %s at QoS %d: %s; trying again", self._broker, self._topic, QOS, refused[0])
            return
        LOG.info("subscribed to %s", self._topic)
        self._subscribe_at = None
        self._subscribe_wait.reset()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
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
