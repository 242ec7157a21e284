"""The main job on real messages: plan, start, 500 readings over MQTT, both API instances, and no second consumer.

Run it with `make demo`. It takes free ports and a home of its own, so that nothing else on the machine matters, and
ends everything it started, also on Ctrl-C. The database stays in run/ for a look afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from pathlib import Path

import demo_checks as checks
from broker import mosquitto
from broker_url import BrokerUrl
from publish import COUNT, messages, publish

HERE = Path(__file__).resolve().parent
DATABASE = HERE / "run" / "tiwater.db"
PATIENCE = 60.0
REQUESTS = 400
HINTS = HERE.parents[1] / "scripts" / "packages.sh"


class DemoFailed(Exception):
    """Something did not happen as it must."""


class Demo:
    """One run: the environment of its commands, its ports and its two homes."""

    def __init__(self, home: Path) -> None:
        """Take free ports; `home` is an empty folder with a short path."""
        api, broker = free_ports(2)
        self.home = home
        self.api = f"127.0.0.1:{api}"
        self.broker = f"mqtt://127.0.0.1:{broker}"
        self.environment = {
            **os.environ,
            "PROCMAN_HOME": str(home / "home"),
            "PYTHON": sys.executable,
            "API_ADDRESS": self.api,
            "MQTT_BROKER": self.broker,
            "BROKER_PORT": str(broker),
            "BROKER_PROJECT": f"demo-broker-{broker}",
            "DATABASE": str(DATABASE),
        }
        self.environment.pop("PROCMAN_FILE", None)

    def procman(self, *arguments: str, expect: int = 0, home: str = "home") -> None:
        """Run one procman command before the reader's eyes; DemoFailed when it ends with another code."""
        elsewhere = "" if home == "home" else f"PROCMAN_HOME={home} "
        say(f"\n$ {elsewhere}procman {' '.join(arguments)}")
        environment = {**self.environment, "PROCMAN_HOME": str(self.home / home)}
        code = subprocess.run(
            [sys.executable, "-m", "procman", *arguments],
            env=environment,
            cwd=HERE,
            check=False,
            stderr=subprocess.STDOUT,
        ).returncode
        if expect != 0:
            say(f"exit code {code}")
        if code != expect:
            raise DemoFailed(f"procman {' '.join(arguments)} ended with {code}, not with {expect}")

    def run(self) -> bool:
        """Show everything in order; True when every figure of the last line is as it must be."""
        title("The plan for a machine with 2 GB")
        self.procman("plan", "--ram", "2G")
        title("A broker, then the API cluster and one consumer")
        self.procman("up", "--file", "broker.yaml")
        self.procman("up")
        title(f"{COUNT} readings over MQTT, as devices would send them")
        self.publish()
        title("HTTP: both API instances answer, and read the stored rows")
        self.ask_both()
        self.procman("status")
        title("A second consumer, tried in three ways")
        self.procman("scale", "mqtt=2", expect=1)
        self.procman("up", expect=75, home="elsewhere")
        self.second_supervisord()
        title("The same manifest again: nothing to change")
        self.procman("up")
        title("Down")
        self.procman("down")
        self.procman("down", "--file", "broker.yaml")
        return self.result()

    def publish(self) -> None:
        """Publish, and wait until the API says that the rows are there."""
        confirmed = publish(messages(), BrokerUrl.parse(self.broker))
        say(f"{confirmed} published at QoS 1, every one confirmed by the broker")
        deadline = time.monotonic() + PATIENCE
        while (rows := self.get("/count")["count"]) != COUNT:
            if time.monotonic() > deadline:
                loser = "" if mosquitto(self.environment) else f"; {blame_amqtt()}"
                raise DemoFailed(f"{rows} of {COUNT} rows after {PATIENCE:.0f} s{loser}")
            time.sleep(0.1)
        say(f"{rows} rows stored")

    def ask_both(self) -> None:
        """Ask until both instances have answered, each connection anew."""
        answers: Counter[object] = Counter()
        for _ in range(REQUESTS):
            answer = self.get("/readings?limit=1")
            answers[answer["instance"]] += 1
            if len(answers) == 2 and answers.total() >= 20:  # noqa: PLR2004 - both, and enough to see a share
                break
        else:
            raise DemoFailed(f"only {sorted(map(str, answers))} answered {REQUESTS} requests")
        for instance, count in sorted(answers.items(), key=str):
            say(f"api-{instance} answered {count} requests")
        say(f"the last answer: {json.dumps(answer)[:58]} ...")

    def get(self, path: str) -> dict[str, object]:
        """Return the JSON that the API answers, over a connection of its own."""
        with urllib.request.urlopen(f"http://{self.api}{path}", timeout=10) as response:
            document = json.load(response)
        if not isinstance(document, dict):
            raise DemoFailed(f"{path} answered no object")
        return document

    def second_supervisord(self) -> None:
        """Start a second supervisord on a copy of the rendered file, with a socket and logs of its own."""
        say("\n$ supervisord -c copy/supervisord.conf     # the rendered file, with its own socket")
        try:
            reason = checks.refused_by_launcher(self.home / "home" / "tiwater", self.home / "copy", PATIENCE)
        except checks.NotRefused as failed:
            raise DemoFailed(str(failed)) from failed
        say(reason)
        say("the launcher of mqtt-0 ended with exit status 75")

    def result(self) -> bool:
        """Say the last line, computed from the database and the process table."""
        figures = checks.figures(DATABASE, messages())
        left = checks.processes_left(str(self.home))
        title("Result")
        say(
            f"{figures.published} published, {figures.rows} rows, {figures.duplicates} duplicates, "
            f"{figures.lost} lost, {left} processes left"
        )
        return figures.exact and left == 0

    def end(self) -> None:
        """End whatever still runs, quietly."""
        for arguments in (("down",), ("down", "--file", "broker.yaml")):
            subprocess.run(
                [sys.executable, "-m", "procman", *arguments],
                env=self.environment,
                cwd=HERE,
                check=False,
                capture_output=True,
                start_new_session=True,
            )
        checks.end_left(str(self.home))


def free_ports(count: int) -> list[int]:
    """Return TCP ports of loopback that nobody listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def blame_amqtt() -> str:
    """Return what to say of missing rows where amqtt was the broker: how this system installs a better one."""
    told = "install the package mosquitto"
    if HINTS.exists():  # a copy of this folder has no scripts
        told = subprocess.run([HINTS, "hint", "mosquitto"], check=True, capture_output=True, text=True).stdout.strip()
    return f"the broker was amqtt, which may lose what it has confirmed. Use mosquitto: {told}"


def say(words: str) -> None:
    """Write `words` before what a child writes next."""
    try:
        print(words, flush=True)
    except BrokenPipeError:  # nobody reads any more, as behind `| head`: end what runs all the same
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def title(words: str) -> None:
    """Write a heading."""
    say(f"\n== {words}")


def interrupted(_number: int, _frame: object) -> None:
    """Treat SIGTERM as Ctrl-C, so that nothing is left running."""
    raise KeyboardInterrupt


def main() -> int:
    """0 only when every figure is exactly as it must be; 130 after Ctrl-C."""
    signal.signal(signal.SIGTERM, interrupted)
    checks.fresh(DATABASE)
    home = Path(tempfile.mkdtemp(prefix="procman-demo-"))
    demo = Demo(home)
    try:
        good = demo.run()
    except KeyboardInterrupt:
        say("\ninterrupted; ending everything")
        code = 130
    except (DemoFailed, OSError) as failed:
        say(f"\nthe demo failed: {failed}")
        code = 1
    else:
        code = 0 if good else 1
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        demo.end()
    if code == 1:
        say(f"logs and state are kept in {home}")
    else:
        shutil.rmtree(home, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
