"""Manifests as text, and what the reader and the checker make of them together."""

from collections.abc import Mapping

from procman.adapters import yaml_reader
from procman.core import fields, variables
from procman.core.diagnostics import Finding, by_place
from procman.core.manifest import Manifest
from procman.core.source import Source

GOOD = """\
version: 1
project: tiwater
budget: {ram: auto, reserve: 25%}
profiles:
  stable: {ram: 2G, services: {api: {instances: 1, memory: 500M}, mqtt: {memory: 350M}}}
defaults: {stop: {timeout: 20s}, logs: {size: 5M, keep: 2}}
services:
  api:
    kind: scalable
    command: node src/index.js
    instances: {min: 1, max: 4}
    memory: 400M
    listen: 127.0.0.1:3000
    ready: {http: /health, timeout: 5s}
    env: {NODE_ENV: production, MODE: 0600, FLAG: on, PORT_BASE: 3000}
    env_file: .env
    directory: .
    user: app
    stop: {signal: INT}
  mqtt:
    kind: singleton
    command: [node, src/mqtt-consumer.js]
    memory: 300M
    restart: {max: 3, within: 1m, delay: 500ms}
    start: {time: 2s}
    consumes:
      broker: mqtt://127.0.0.1:1883
      topics: [tiwater/+/data]
      client_id: tiwater-consumer
"""


def load(
    text: str | bytes, environment: Mapping[str, str] | None = None, name: str = "procman.yaml"
) -> tuple[Manifest | None, tuple[Finding, ...], Source]:
    """Return the manifest in `text` and all findings, the way the commands read it."""
    data = text.encode() if isinstance(text, str) else text
    source = yaml_reader.decode(data, name)
    if isinstance(source, Finding):
        return None, (source,), Source(name, data.decode("utf-8", "replace"))
    document, found = yaml_reader.read(source, name)
    if document is None:
        return None, by_place(found), source
    filled, missing, _ = variables.fill(document, name, environment or {})
    manifest, faults = fields.check(filled, name, "/srv/app")
    return manifest, by_place([*found, *missing, *faults]), source


def codes(text: str | bytes, environment: Mapping[str, str] | None = None) -> list[str]:
    """Return the codes of all findings in `text`, sorted by place."""
    return [f.code for f in load(text, environment)[1]]


def service(lines: str) -> str:
    """Return a manifest with one service, ``api``, that has `lines` besides kind and command."""
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    return f"version: 1\nproject: a\nservices:\n  api:\n    kind: scalable\n    command: node\n{body}"
