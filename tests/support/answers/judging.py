"""What an answer of a channel means, by the channel's name."""

from importlib import import_module
from typing import Literal, overload

from publisher.channels.answers import Answers
from publisher.model.outcomes import Answer, Outcome, Reading, Step


@overload
def meaning(channel: str, answer: Answer, step: Literal[Step.READ]) -> Reading: ...
@overload
def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome: ...
def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome:
    answers: Answers = import_module(f"publisher.platforms.{channel}.answers").ANSWERS
    return answers.judge(answer, step)
