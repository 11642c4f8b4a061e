"""What an answer is told as: for a manager, in words that are ours."""

import re

import pytest

from publisher.model.outcomes import Answer
from tests.support.answers.judging import meaning
from tests.support.answers.kinds import (
    FACEBOOK,
    HTML,
    X,
    answered,
    graph_error,
    message_of,
    no_answer,
    not_sent,
    problem,
)


def test_the_reason_of_a_dead_token_is_told() -> None:
    messages = {
        subcode: message_of(meaning(FACEBOOK, graph_error(400, 190, error_subcode=subcode)))
        for subcode in (458, 459, 460, 463, 464, 467, 492)
    }
    assert len(set(messages.values())) == len(messages)
    assert "changed their password" in messages[460]
    assert "expired" in messages[463]


@pytest.mark.parametrize(
    "words",
    [
        "See https://graph.facebook.com/v25.0/me?access_token=EAABsbCS for help",
        "Malformed access token " + "EAAB" * 30,
        "signature=abc123 is invalid",
        "See https://x.com/a",
    ],
)
def test_a_platforms_words_bring_no_address_or_token_along(words: str) -> None:
    for answer, channel in (
        (problem(400, "Invalid Request", words), X),
        (graph_error(400, 100, message=words), FACEBOOK),
    ):
        message = message_of(meaning(channel, answer))
        assert not re.search(r"EAAB|://|abc123", message)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (problem(402, "CreditsDepleted"), "credits"),
        (problem(401, "Unauthorized"), "secrets.toml"),
        (no_answer("connection reset"), "connection reset"),
        (not_sent("connection refused"), "connection refused"),
        (answered(502, HTML), "status 502"),
    ],
)
def test_a_message_says_what_happened(answer: Answer, words: str) -> None:
    assert words in message_of(meaning(X, answer))


def test_what_x_says_about_a_parameter_is_passed_on() -> None:
    body = {
        "title": "Invalid Request",
        "detail": "One or more",
        "errors": [{"message": "text too long"}],
    }
    assert "text too long" in message_of(meaning(X, answered(400, body)))
