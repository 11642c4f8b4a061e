"""Corrections: which accounts get one, how it goes out there, and what it may change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from publisher.base.i18n import _
from publisher.ledger.corrections import target_of
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content, Correction, Part
from publisher.model.deliveries import Delivery, Wish
from publisher.model.posts import Post
from publisher.model.problems import Flaw
from publisher.planning.problems import Problems


class Corrections:
    """The corrections among the drafts of one plan."""

    def __init__(self, posts: Mapping[str, Post], queries: Queries, problems: Problems) -> None:
        self._problems = problems
        self._originals: defaultdict[str, dict[str, Delivery]] = defaultdict(dict)
        """What is corrected, by post and account."""
        self._queued: dict[tuple[str, str], Delivery] = {}
        """The corrections of these in the ledger, by post and account."""
        named = sorted({post.corrects for post in posts.values() if post.corrects})
        for delivery in queries.standing(named, and_under_way=False) if named else ():
            self._originals[delivery.post][delivery.account] = delivery
        for delivery in queries.corrections(named) if named else ():
            self._queued[delivery.post, delivery.account] = delivery

    def of_its_accounts(self, post: Post, recipients: Sequence[Account]) -> Sequence[Account]:
        """Those of the recipients that a post goes to: of a correction, the original's alone."""
        if post.corrects is None:
            return recipients
        known = self._originals.get(post.corrects, {})
        return [account for account in recipients if account.name in known]

    def report(self, post: Post, recipients: Sequence[Account]) -> bool:
        """Report what is wrong with what a draft says that it corrects; False: nothing is."""
        flaw = next(self._flaws(post, recipients), None)
        if flaw:
            self._problems.error(post, flaw.code, flaw.message, flaw.hint, at="corrects")
        return flaw is not None

    def _flaws(self, post: Post, recipients: Sequence[Account]) -> Iterator[Flaw]:
        if post.corrects is None:
            return
        known = self._originals.get(post.corrects, {})
        if not known:
            message = _("{post} was never queued, so it cannot be corrected.", post=post.corrects)
            hint = _("Write the post's name as `publisher status` shows it. What is not queued yet "
                     "is changed in its own draft.")  # fmt: skip
            yield Flaw("corrects-unknown", message, hint)
            return
        if first := next((one.corrects for one in known.values() if one.corrects), None):
            message = _("{post} is a correction itself.", post=post.corrects)
            hint = _("Write `corrects: {first}`: each correction names the original.", first=first)
            yield Flaw("corrects-unknown", message, hint)
            return
        names = [account.name for account in recipients]
        strangers = [one for one in names if one in post.to and one not in known]
        if strangers or not any(one in known for one in names):
            message = _("{post} did not go to {accounts}.", post=post.corrects,
                        accounts=", ".join(strangers or names))  # fmt: skip
            hint = _("It can be corrected on {accounts}.", accounts=", ".join(known))
            yield Flaw("corrects-elsewhere", message, hint)

    def corrected(
        self, post: Post, account: Account, content: Content, can: Capabilities
    ) -> Content:
        """The content with what it corrects on this account, and how.

        It is edited where the channel can do that and the post is one part; otherwise the
        correction goes out below its last part.
        """
        if post.corrects is None:
            return content
        original = self._originals[post.corrects][account.name]
        edits = can.edits and len(_posts(original.content)) == 1
        told = Correction(
            corrects=post.corrects,
            way="edit" if edits else "reply",
            reason=post.reason or "",
            replaces=self._replaced(original).digest,
        )
        update = {"correction": told, **({"parts": _posts(content)} if edits else {})}
        made = content.model_copy(update=update)
        queued = self._queued.get((post.id, account.name))
        # What is queued stays bound to the words that its author saw, until its draft changes.
        return queued.content if queued and _is_same_draft(made, queued.content) else made

    def _replaced(self, original: Delivery) -> Content:
        """What is out of a post, or queued if it is not: with the words of its newest edit."""
        its = [one for one in self._queued.values()
               if (one.corrects, one.account) == (original.post, original.account)]  # fmt: skip
        return target_of(original, its).content

    def is_outdated(self, wish: Wish) -> bool:
        """Whether a correction is still bound to other words than those that are out now."""
        told = wish.content.correction
        if told is None:
            return False
        return told.replaces != self._replaced(self._originals[told.corrects][wish.account]).digest

    def flaw(self, wish: Wish) -> Flaw | None:
        """Why an edit cannot be made; None if it can, or is none."""
        content = wish.content
        if content.correction is None or not content.edits:
            return None
        name = content.correction.corrects
        original = self._originals[name][wish.account].content
        if len(content.parts) > 1:
            return Flaw(
                "edit-too-much",
                _("The post on {account} is one message, and its correction several.",
                  account=wish.account),
                _("Write it as one message, without a line `---`."),
            )  # fmt: skip
        if _besides_words(content) != _besides_words(original):
            return Flaw(
                "edit-too-much",
                _("On {account} an edit replaces the words alone: pictures, their texts and the "
                  "link stay as they are.", account=wish.account),
                _("Take them as they are from the draft of {post}. If they are what is wrong, "
                  "withdraw it and publish it again.", post=name),
            )  # fmt: skip
        return None


def _posts(content: Content) -> tuple[Part, ...]:
    """Its parts without the first comment, which stays as it is."""
    return tuple(part for part in content.parts if not part.is_comment)


def _is_same_draft(made: Content, queued: Content) -> bool:
    """Whether they differ in nothing but what they replace."""
    if made.correction is None or queued.correction is None:
        return False
    told = made.correction.model_copy(update={"replaces": queued.correction.replaces})
    return made.model_copy(update={"correction": told}) == queued


def _besides_words(content: Content) -> tuple[object, ...]:
    return content.pictures, content.link, content.made_with_ai
