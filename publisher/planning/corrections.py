"""Corrections: which accounts get one, how it goes out there, and what it may change."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from publisher.base.i18n import _
from publisher.channels.registry import capabilities_of
from publisher.ledger.corrections import target_of
from publisher.ledger.reading.queries import Queries
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities
from publisher.model.content import Content, Correction, Part
from publisher.model.deliveries import Delivery, Wish
from publisher.model.posts import Post
from publisher.model.problems import Flaw
from publisher.model.states import ENDED_UNSENT, State
from publisher.planning.correctable import is_comment
from publisher.planning.problems import Problems


@dataclass(frozen=True, slots=True)
class _Original:
    """What is corrected on one account."""

    own: Content
    """What it went out with, or is to go out with."""
    replaced: Content
    """What a correction that is planned now replaces: `own`, or that of its newest edit."""
    corrects: str | None = None
    in_reach: bool = True


class Corrections:
    """The corrections among the drafts of one plan."""

    def __init__(self, posts: Mapping[str, Post], queries: Queries, problems: Problems) -> None:
        self._problems = problems
        self._originals: defaultdict[str, dict[str, _Original]] = defaultdict(dict)
        """What is corrected, by post and account."""
        self._queued: dict[tuple[str, str], Delivery] = {}
        """The corrections of these in the ledger, by post and account."""
        self._comments: dict[tuple[str, str], str] = {}
        """Other first comments than the originals have, by post and account."""
        self._unchanged: defaultdict[str, list[str]] = defaultdict(list)
        self._named = {post.corrects for post in posts.values() if post.corrects}
        named = sorted(self._named)
        for delivery in queries.corrections(named) if named else ():
            self._queued[delivery.post, delivery.account] = delivery
        for delivery in queries.standing(named, and_under_way=False) if named else ():
            its = [one for one in self._queued.values()
                   if (one.corrects, one.account) == (delivery.post, delivery.account)]  # fmt: skip
            self._originals[delivery.post][delivery.account] = _Original(
                delivery.content,
                target_of(delivery, its).content,
                delivery.corrects,
                delivery.in_reach,
            )

    def note(self, wish: Wish) -> None:
        """Note what the same plan adds, or changes in the queue: it may be corrected too."""
        if wish.post not in self._named or wish.content.correction:
            return
        known = self._originals[wish.post].get(wish.account)
        if known is None or known.in_reach:
            self._originals[wish.post][wish.account] = _Original(wish.content, wish.content)

    def of_its_accounts(self, post: Post, recipients: Sequence[Account]) -> Sequence[Account]:
        """Those of the recipients that a post goes to: of a correction, the original's alone."""
        if post.corrects is None:
            return recipients
        known = self._originals.get(post.corrects, {})
        return [account for account in recipients if account.name in known]

    def report(self, post: Post, recipients: Sequence[Account]) -> bool:
        """Report what is wrong with what a draft says that it corrects; False: nothing is.

        An original that is not known leaves out the correction alone: a new ledger may not have it.
        """
        if post.corrects is None:
            return False
        if not self._originals.get(post.corrects):
            message = _("{post} was never queued, so it cannot be corrected.", post=post.corrects)
            hint = _(
                "Write the post's name as `publisher status` shows it. If it is not queued yet, "
                "change it in its own draft.")  # fmt: skip
            self._problems.warning(post, "corrects-unknown", message, hint)
            return True
        flaw = next(self._flaws(post, recipients), None)
        if flaw:
            self._problems.error(post, flaw.code, flaw.message, flaw.hint, at="corrects")
        return flaw is not None

    def _flaws(self, post: Post, recipients: Sequence[Account]) -> Iterator[Flaw]:
        known = self._originals[post.corrects or ""]
        if first := next((one.corrects for one in known.values() if one.corrects), None):
            message = _("{post} is itself a correction.", post=post.corrects)
            hint = _("Write `corrects: {first}`: each correction names the original.", first=first)
            yield Flaw("corrects-unknown", message, hint)
            return
        comments = [
            account.name
            for account in recipients
            if account.name in known and is_comment(account.channel, known[account.name].own)
        ]
        if comments:
            message = _(
                "{post} is a comment on {accounts}, and cannot be edited.", post=post.corrects,
                        accounts=", ".join(comments))  # fmt: skip
            hint = _("Withdraw it, and answer the reader again.")
            yield Flaw("corrects-elsewhere", message, hint)
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
        edits = can.edits and len(_posts(original.own)) == 1
        told = Correction(
            corrects=post.corrects,
            way="edit" if edits else "reply",
            reason=post.reason or "",
            replaces=original.replaced.digest,
        )
        if edits and content.comment not in (None, original.own.comment):
            self._comments[post.id, account.name] = content.comment or ""
        update = {"correction": told, **({"parts": _posts(content)} if edits else {})}
        made = content.model_copy(update=update)
        queued = self._queued.get((post.id, account.name))
        # What is queued stays bound to the words that its author saw, until its draft changes.
        return queued.content if queued and _is_same_draft(made, queued.content) else made

    def leaves_out(self, post: Post, account: Account, content: Content) -> bool:
        """Whether a correction has nothing to correct on this account, which is then noted."""
        if post.corrects is None:
            return False
        queued = self._queued.get((post.id, account.name))
        if queued and not queued.in_reach and queued.state not in ENDED_UNSENT:
            return False
        its = [one for one in self._queued.values() if one.post == post.id]
        is_out = any(one.state is State.PUBLISHED for one in its)
        original = self._originals[post.corrects][account.name]
        can = capabilities_of(account)
        is_unchanged = _shown(content, can) == _shown(original.replaced, can)
        if (post.id, account.name) in self._comments:
            return False  # refused, because of that
        if is_unchanged and not is_out:
            self._unchanged[post.id].append(account.name)
        # Of a correction that is out already, the draft is of the past: what it says may be older
        # than what is out on accounts that it did not go to.
        return is_unchanged or (is_out and queued is None)

    def warn_of_unchanged(self, post: Post) -> None:
        """Warn of the accounts on which a correction would change nothing."""
        if names := self._unchanged.get(post.id):
            message = _(
                "On {accounts}, it says what is already out, so it is not queued there.",
                accounts=", ".join(names),
            )
            hint = _(
                "There is nothing to do if the words there are right. Otherwise, change the draft."
            )
            self._problems.warning(post, "corrects-nothing", message, hint)

    def is_outdated(self, wish: Wish) -> bool:
        """Whether a correction is still bound to other words than those that are out now."""
        told = wish.content.correction
        if told is None:
            return False
        return told.replaces != self._originals[told.corrects][wish.account].replaced.digest

    def flaw(self, wish: Wish) -> Flaw | None:
        """Why an edit cannot be made; None if it can, or is none."""
        content = wish.content
        if content.correction is None or not content.edits:
            return None
        name = content.correction.corrects
        original = self._originals[name][wish.account].own
        if len(content.parts) > 1:
            return Flaw(
                "edit-too-much",
                _("The post on {account} is one message, but its correction is several.",
                  account=wish.account),
                _("Write it as one message, without a line `---`."),
            )  # fmt: skip
        if (wish.post, wish.account) in self._comments:
            return Flaw(
                "edit-too-much",
                _("On {account}, an edit leaves the first comment as it is, and this changes it.",
                  account=wish.account),
                _(
                    "Copy the link unchanged from the draft of {post}. If the link is what is "
                    "wrong, withdraw the post and publish it again.", post=name),
            )  # fmt: skip
        if _besides_words(content) != _besides_words(original):
            return Flaw(
                "edit-too-much",
                _(
                    "On {account}, an edit replaces only the words: pictures, their "
                    "descriptions, a document's title and the link stay as they are.", account=wish.account),
                _(
                    "Copy them unchanged from the draft of {post}. If they are what is wrong, "
                    "withdraw it and publish it again.", post=name),
            )  # fmt: skip
        return None


def _is_same_draft(made: Content, queued: Content) -> bool:
    """Whether they differ in nothing but what they replace."""
    if made.correction is None or queued.correction is None:
        return False
    told = made.correction.model_copy(update={"replaces": queued.correction.replaces})
    return made.model_copy(update={"correction": told}) == queued


def _shown(content: Content, can: Capabilities) -> Content:
    """What readers see of it, without its comment."""
    has_title = can.shows_titles or any(one.is_document for one in content.pictures)
    title = content.title if has_title else None
    update = {"correction": None, "parts": _posts(content), "title": title}
    return content.model_copy(update=update)


def _posts(content: Content) -> tuple[Part, ...]:
    """Its parts without the first comment, which stays as it is."""
    return tuple(part for part in content.parts if not part.is_comment)


def _besides_words(content: Content) -> tuple[object, ...]:
    titles = [content.title_of(one) for one in content.pictures if one.is_document]
    return content.pictures, content.link, content.made_with_ai, titles
