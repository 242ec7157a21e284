"""Publishes readings the way devices would: QoS 1, waiting until the broker has confirmed every one.

It stays until the last reading comes back to it: a broker may confirm what it has yet to pass on, and drop that when
the publisher leaves. amqtt does.
The same seed gives the same readings, so publishing twice must not add a row; another seed is another day.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import sys
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import paho.mqtt.client as mqtt
from broker_url import BrokerUrl
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode

COUNT = 500
PASSED_ON_SECONDS = 30.0
TIENDAS = ("T001", "T002", "T003", "T004", "T005")
EQUIPOS = ("E1", "E2", "E3", "E4")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

Message = tuple[str, bytes]
LOG = logging.getLogger("tiwater.publish")


class NotPublished(Exception):
    """The broker cannot be reached, or did not confirm every message in time."""


class Echo:
    """Hears of the last reading as any subscriber does: brokers pass on in order, so all before it are on their way."""

    def __init__(self, client: mqtt.Client, last: Message) -> None:
        """Subscribe whenever `client` connects; to be made before it does."""
        self.listening = threading.Event()
        self.heard = threading.Event()
        self._last = last
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message

    def _on_connect(self, client: mqtt.Client, *_told: object) -> None:
        client.subscribe(self._last[0], qos=0)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        if codes[0].is_failure:  # who may publish need not be allowed to read: then nothing is waited for
            self.heard.set()
        self.listening.set()

    def _on_message(self, _client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if (message.topic, message.payload) == self._last:
            self.heard.set()


def messages(count: int = COUNT, seed: int = 0) -> list[Message]:
    """`count` readings with different keys, as topic and payload."""
    return list(islice(_messages(seed), count))


def publish(readings: Sequence[Message], broker: BrokerUrl, timeout: float = 60.0) -> int:
    """Publish and wait for every confirmation; returns how many. A lost connection is taken up again.

    A broker that confirms everything and does not pass the last reading on is told of in the log.
    """
    if not readings:
        return 0
    transport = "websockets" if broker.websocket else "tcp"
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, transport=transport)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set(ca_certs=os.environ.get("MQTT_CA"))
    if broker.path:
        client.ws_set_options(path=broker.path)
    echo = Echo(client, readings[-1])
    try:
        client.connect(broker.host, broker.port)
    except OSError as error:
        raise NotPublished(f"cannot reach {broker}: {error}") from error
    client.loop_start()
    try:
        confirmed = _publish_all(client, readings, echo, timeout)
        if not echo.heard.wait(PASSED_ON_SECONDS):
            LOG.warning("%s did not pass the last reading on in %g s; it may have lost some", broker, PASSED_ON_SECONDS)
        return confirmed
    finally:
        client.disconnect()
        client.loop_stop()


def _publish_all(client: mqtt.Client, readings: Sequence[Message], echo: Echo, timeout: float) -> int:
    until = datetime.now(UTC) + timedelta(seconds=timeout)
    echo.listening.wait(timeout)
    sent = [client.publish(topic, payload, qos=1) for topic, payload in readings]
    for message in sent:
        message.wait_for_publish(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    confirmed = sum(message.is_published() for message in sent)
    if confirmed < len(readings):
        raise NotPublished(f"the broker confirmed {confirmed} of {len(readings)} in {timeout:g} s")
    return confirmed


def _messages(seed: int) -> Iterator[Message]:
    noise = random.Random(seed)  # noqa: S311 - made-up measurements, not secrets
    moment = FIRST + timedelta(days=seed)
    while True:
        for tienda in TIENDAS:
            for equipo in EQUIPOS:
                values = {"flow": round(noise.uniform(0, 40), 2), "pressure": round(noise.uniform(1, 6), 2)}
                document = {
                    "timestamp": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
                    "equipo_id": equipo,
                    "values": values,
                }
                yield f"tiwater/{tienda}/data", json.dumps(document).encode()
        moment += timedelta(seconds=1)


def main() -> int:
    """Command line: 0 when the broker confirmed everything, 1 when not, 2 for wrong use."""
    parser = argparse.ArgumentParser(description="Publish made-up readings at QoS 1.")
    parser.add_argument("--count", type=int, default=COUNT, help=f"how many (default {COUNT})")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same readings (default 0)")
    parser.add_argument("--broker", default=os.environ.get("MQTT_BROKER", "mqtt://127.0.0.1:1883"))
    options = parser.parse_args()
    try:
        broker = BrokerUrl.parse(options.broker)
    except ValueError as error:
        parser.error(str(error))
    try:
        confirmed = publish(messages(options.count, options.seed), broker)
    except NotPublished as error:
        print(f"publish: {error}", file=sys.stderr)
        return 1
    print(f"published {confirmed} readings to {broker}, all confirmed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
