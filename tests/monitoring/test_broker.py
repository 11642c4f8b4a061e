"""The broker as a place for marks of the ledger, and when it does not answer."""

import socket

from publisher.monitoring.broker import BrokerMarks
from tests.support.lines import heard, serving


def test_what_one_process_keeps_another_one_reads(broker_url: str) -> None:
    one, other = BrokerMarks(broker_url), BrokerMarks(broker_url)
    assert other.read("a-ledger") is None
    one.write("a-ledger", b"its newest step")
    assert other.read("a-ledger") == b"its newest step"
    assert other.read("another-ledger") is None


def test_a_broker_that_does_not_answer_is_left_alone_for_a_while() -> None:
    """Posts wait for it."""

    def says_nothing(connection: socket.socket) -> None:
        while heard(connection):
            pass

    with serving(says_nothing) as (address, connections):
        marks = BrokerMarks(address.replace("http", "redis"))
        assert marks.read("a-ledger") is None
        marks.write("a-ledger", b"a step")
        assert marks.read("a-ledger") is None
        assert len(connections) == 1
