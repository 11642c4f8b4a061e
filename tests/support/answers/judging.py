"""What an answer of a channel means, by the channel's name."""

from typing import Literal, overload

from publisher.channels.bluesky import answers as bluesky
from publisher.channels.facebook import answers as facebook
from publisher.channels.linkedin import answers as linkedin
from publisher.channels.mastodon import answers as mastodon
from publisher.channels.twitter import answers as twitter
from publisher.channels.wordpress import answers as wordpress
from publisher.model.outcomes import Answer, Outcome, Reading, Step

_ANSWERS = {
    "twitter": twitter.ANSWERS,
    "facebook": facebook.ANSWERS,
    "linkedin": linkedin.ANSWERS,
    "mastodon": mastodon.ANSWERS,
    "wordpress": wordpress.ANSWERS,
    "bluesky": bluesky.ANSWERS,
}


@overload
def meaning(channel: str, answer: Answer, step: Literal[Step.READ]) -> Reading: ...
@overload
def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome: ...
def meaning(channel: str, answer: Answer, step: Step = Step.PUBLISH) -> Outcome:
    return _ANSWERS[channel].judge(answer, step)
