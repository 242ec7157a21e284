"""Publishes readings the way devices would: QoS 1, waiting until the broker has confirmed every one.

The same seed gives the same readings, so publishing twice must not add a row; another seed is another day.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice

import paho.mqtt.client as mqtt
from broker_url import BrokerUrl
from paho.mqtt.enums import CallbackAPIVersion

COUNT = 500
TIENDAS = ("T001", "T002", "T003", "T004", "T005")
EQUIPOS = ("E1", "E2", "E3", "E4")
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

Message = tuple[str, bytes]


class NotPublished(Exception):
    """The broker cannot be reached, or did not confirm every message in time."""


def messages(count: int = COUNT, seed: int = 0) -> list[Message]:
    """`count` readings with different keys, as topic and payload."""
    return list(islice(_messages(seed), count))


def publish(readings: Sequence[Message], broker: BrokerUrl, timeout: float = 60.0) -> int:
    """Publish and wait for every confirmation; returns how many. A lost connection is taken up again."""
    transport = "websockets" if broker.websocket else "tcp"
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311, transport=transport)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set(ca_certs=os.environ.get("MQTT_CA"))
    if broker.path:
        client.ws_set_options(path=broker.path)
    try:
        client.connect(broker.host, broker.port)
    except OSError as error:
        raise NotPublished(f"cannot reach {broker}: {error}") from error
    client.loop_start()
    try:
        return _publish_all(client, readings, timeout)
    finally:
        client.disconnect()
        client.loop_stop()


def _publish_all(client: mqtt.Client, readings: Sequence[Message], timeout: float) -> int:
    sent = [client.publish(topic, payload, qos=1) for topic, payload in readings]
    until = datetime.now(UTC) + timedelta(seconds=timeout)
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
