"""What is played: small enough to play everything, wide enough for everything to happen."""

from tests.support.simulation.history import Scenario
from tests.support.simulation.plan import Act

ON_X = Scenario("a post on X")
THREAD = Scenario("a thread of two on X", parts=2)
ON_FACEBOOK = Scenario("a post on Facebook", accounts=("bice-page",))
ON_BLUESKY = Scenario("a post on Bluesky", accounts=("bice-sky",))
THREAD_ON_BLUESKY = Scenario("a thread of two on Bluesky", parts=2, accounts=("bice-sky",))
ON_MASTODON = Scenario("a post on Mastodon", accounts=("bice-fedi",))
WITHOUT_KEYS = Scenario("a post on a server without keys", accounts=("bice-snac",))
ON_LINKEDIN = Scenario("a post on LinkedIn", accounts=("bice-in",))
ON_WORDPRESS = Scenario("a post on WordPress", accounts=("bice-wp",))
ON_THE_WEBSITE = Scenario("a post on the website", accounts=("bice-site",))
COMMENTED = Scenario(
    "a post on Facebook with its first comment", accounts=("bice-page",), commented=True
)
EDITED = Scenario("a post on Mastodon, and an edit of it", accounts=("bice-fedi",), corrections=1)
EDITED_ON_FACEBOOK = Scenario(
    "a post on Facebook, and an edit of it", accounts=("bice-page",), corrections=1
)
ANSWERED = Scenario("a post on X, and a correction below it", corrections=1)
TWO_EDITS = Scenario(
    "a post on LinkedIn, and two edits of it", accounts=("bice-in",), corrections=2, apart=0.0
)
TO_A_READER = Scenario("an answer to a reader on X", to_a_reader=True)
CORRECTED = (EDITED, EDITED_ON_FACEBOOK, ANSWERED, TWO_EDITS)
"""Each suite plays a sample of their single faults, and of those of the others."""
OFTEN = (ON_X, THREAD, ON_FACEBOOK)
"""Each suite plays all of their single faults. (Facebook has no threads: two parts are one text
there, and their history is that of one.)"""
SELDOM = (
    ON_BLUESKY, THREAD_ON_BLUESKY, ON_MASTODON, WITHOUT_KEYS, ON_LINKEDIN, ON_WORDPRESS,
    ON_THE_WEBSITE, COMMENTED, TO_A_READER,
)  # fmt: skip
"""Each suite plays a sample of theirs."""
SMALL = (*OFTEN, *SELDOM)
"""At length, all single faults and all pairs are played in these."""

EMBARGO = Scenario("a post under embargo", embargo=30.0)
BRIEF = Scenario("a post that expires soon", expires=20.0)
FLEETING = Scenario("a post that expires at once", expires=2.0)
APPROVED = Scenario(
    "an approved post on X, with a picture",
    accounts=("apg-x",),
    pictured=True,
    acts=(
        Act.APPROVE, Act.REJECT, Act.TAKE_BACK, Act.CALL_OFF, Act.WITHDRAW_CONSENT, Act.WITHDRAW, Act.RULE,
        Act.CANCEL, Act.EDIT, Act.MOVE, Act.QUEUE_AGAIN,
    ),
)  # fmt: skip
"""All single interventions are played in it."""
UNNAMED = Scenario(
    "two posts with one picture, whose consent the second one leaves out",
    posts=2,
    pictured=True,
    unnamed=True,
    acts=(Act.WITHDRAW_CONSENT, Act.QUEUE_AGAIN, Act.EDIT, Act.CANCEL),
)
"""A withdrawal at any step holds both."""
BATCH = Scenario("three posts on X at one instant", posts=3, apart=0.0)
"""Which share an intent's commit, a departure and the record of their answers."""
CROWD = Scenario(
    "two posts, two accounts, two dispatchers, two workers",
    parts=2,
    posts=2,
    accounts=("bice-x", "bice-page"),
    dispatchers=2,
    workers=2,
)
PAIR = Scenario("a post on X, two dispatchers, two workers", dispatchers=2, workers=2)
TWINS = Scenario(
    "two threads that begin with the same words", parts=2, posts=2, apart=25.0, same_beginning=True
)
QUEUE = Scenario("three posts of one account", posts=3)
"""Of which two wait while the first is refused."""
EVERYWHERE = Scenario(
    "a post on every platform, two dispatchers, two workers",
    parts=2,
    accounts=("bice-x", "bice-page", "bice-sky", "bice-fedi", "bice-snac", "bice-in", "bice-wp"),
    dispatchers=2,
    workers=2,
)
WIDE = (
    CROWD, BATCH, QUEUE, PAIR, EMBARGO, BRIEF, FLEETING, THREAD, ON_FACEBOOK, APPROVED, TWINS,
    THREAD_ON_BLUESKY, ON_MASTODON, WITHOUT_KEYS, ON_LINKEDIN, ON_WORDPRESS, EVERYWHERE, COMMENTED,
    TO_A_READER,
)  # fmt: skip
"""Random plans and schedules are played in these."""
