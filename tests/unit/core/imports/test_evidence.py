"""The kind by evidence: what speaks for a singleton, what for several, and what for nothing."""

import pytest

from procman.core.imports.evidence import Clues, imported, judge, words_of
from procman.core.manifest import Kind

ONE, MANY = Kind.SINGLETON, Kind.SCALABLE


@pytest.mark.parametrize(
    ("clues", "kind", "sure", "reason"),
    [
        (Clues("api", port="3000", cluster=True, counted="cluster mode"), MANY, True, "port 3000"),
        (Clues("api", port="3000", instances=2), MANY, True, "2 instances"),
        (Clues("api", cluster=True, counted="cluster mode"), MANY, False, "cluster mode"),
        (Clues("api", instances=2), ONE, False, "nothing shows that they share an address"),
        (Clues("api", port="3000"), ONE, False, "one process until now (port 3000)"),
        (Clues("mqttConsumer", cluster=True, port="3000"), ONE, True, "its name says 'mqtt'"),
        (Clues("ingesta", (), "src/worker/index.js"), ONE, True, "its command says 'worker'"),
        (Clues("x", (), "x.js", "import mqtt from 'mqtt'"), ONE, True, "x.js imports mqtt (MQTT)"),
        (Clues("x", (), "x.py", "import paho.mqtt.client as mqtt"), ONE, True, "x.py imports paho (MQTT)"),
        (Clues("x", packages=("amqplib",), own=True), ONE, True, "its package depends on amqplib (AMQP)"),
        (Clues("x", packages=("express", "mqtt"), own=True, free=True), MANY, True, "its package depends on express"),
        (Clues("x", packages=("mqtt",), free=True), ONE, False, "nothing shows that it may run twice"),
        (Clues("x", (), "x.js", "require('http').createServer(f)", free=True), MANY, True, "creates a server"),
    ],
)
def test_the_kind_follows_the_evidence(clues: Clues, kind: Kind, sure: bool, reason: str) -> None:
    """Each clue leads to its kind, says so, and says whether it is clear."""
    verdict = judge(clues)
    assert (verdict.kind, verdict.sure) == (kind, sure)
    assert reason in "; ".join(verdict.reasons)


def test_a_server_that_only_publishes_is_no_consumer() -> None:
    """A library that can consume counts beside a server only when it is used to."""
    text = "const express = require('express')\nconst mqtt = require('mqtt')\n"
    sends = Clues("api", (), "a.js", text + "client.publish('a', 'b')", port="3000", cluster=True)
    takes = Clues("api", (), "a.js", text + "client.subscribe('a')", port="3000", cluster=True)
    assert judge(sends).kind is MANY
    assert judge(takes).kind is ONE
    assert judge(takes).takes


def test_imports_are_read_in_every_spelling() -> None:
    """require, import, from and Python's; paths of its own and parts of packages are no packages."""
    text = (
        "const a = require('mqtt')\nimport b from \"@nestjs/core/x\"\nimport 'dotenv/config'\nimport c from './c.js'\n"
    )
    assert imported(text) == ("mqtt", "@nestjs/core", "dotenv")
    assert imported("import os\nfrom paho.mqtt import client\n") == ("os", "paho")


def test_names_are_read_as_words() -> None:
    """Case, dashes and numbers part words; a part of a word is none."""
    assert words_of("mqttConsumer-2") == ("mqtt", "consumer")
    assert "bot" not in words_of("robotics")
