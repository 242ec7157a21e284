"""What the consumer of an example promises as one member of a group, and to whoever supervises it."""

from pathlib import Path

from tests.support.tiwater import EXACT, Lab, Publisher, Service, mosquitto, readings

GROUP = "$share/tiwater/tiwater/+/data"


def member(lab: Lab, number: int, log: str | None = None) -> Service:
    """Start one member of the group, told so as procman tells it."""
    told = {
        "PROCMAN_MQTT_TOPICS": GROUP,
        "PROCMAN_MQTT_CLIENT_ID": f"member-{number}",
        "PROCMAN_MQTT_LEAVE": str(_mark(lab, number)),
    }
    return lab.consumer(log=log or f"member-{number}.log", **told)


def tell_to_leave(lab: Lab, number: int) -> None:
    """What procman does before it stops a member for good."""
    _mark(lab, number).touch()


def _mark(lab: Lab, number: int) -> Path:
    return lab.folder / f"leave-{number}"


class MemberFacts:
    """Members of a shared subscription share the messages, and one that leaves takes none with it."""

    def test_leaving_member_strands_nothing(self, lab: Lab) -> None:
        """Told to leave with 1,000 messages kept for it, a member takes them and ends its session; the rest goes on."""
        published = readings(3000)
        messages = list(published.values())
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with member(lab, 0) as first, member(lab, 1) as second:
                first.wait_for("subscribed to $share/tiwater/")
                second.wait_for("subscribed to $share/tiwater/")
                with lab.database.locked():
                    publisher.publish(messages[:2000])
                    second.wait_for("messages wait, unacknowledged")
                    assert publisher.confirmed() == 2000
                    tell_to_leave(lab, 1)
                    second.process.terminate()
                publisher.publish(messages[2000:])
                assert second.process.wait(30) == 0
                assert "left for good" in second.log()
                assert publisher.confirmed() == 3000
                lab.wait_for_rows(3000)
                assert first.stop() == 0
            with member(lab, 1) as again:
                again.wait_for("new session")
        assert lab.compare(published) == EXACT

    def test_member_stopped_without_leaving_strands_messages(self, lab: Lab) -> None:
        """Negative control: stopped like any service, a member keeps a session into which messages still fall."""
        published = readings(600)
        messages = list(published.values())
        with mosquitto(lab.folder, lab.port), Publisher(lab.port) as publisher:
            with member(lab, 0) as first, member(lab, 1) as second:
                first.wait_for("subscribed to $share/tiwater/")
                second.wait_for("subscribed to $share/tiwater/")
                assert second.stop() == 0
                publisher.publish(messages)
                assert publisher.confirmed() == 600
                lab.wait_for_rows(300)
                assert first.stop() == 0
            assert 250 < lab.compare(published).missing < 350
            with member(lab, 1) as again:
                again.wait_for("session kept")
                lab.wait_for_rows(600)
        assert lab.compare(published) == EXACT
