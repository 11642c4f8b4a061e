"""Recipient checks: recipients, languages, sections and consents of a post."""

from collections.abc import Sequence

from publisher.base.i18n import _
from publisher.channels.registry import spec_of, title
from publisher.drafts.rendering import recipients
from publisher.drafts.sections import position_key
from publisher.drafts.surroundings import Surroundings
from publisher.model.accounts import Account
from publisher.model.posts import Post
from publisher.model.problems import Findings


class Addressing:
    """Checks posts against the accounts that would receive them."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def check(
        self, post: Post, group: Sequence[Post], findings: Findings, *, is_first: bool
    ) -> None:
        """Note the problems with the recipients of `post`; `group`: its translations and itself.

        `is_first`: it is the first checked one of the group, and reports missing translations.
        """
        accounts, problems = recipients(post, self._around.accounts)
        known = {*self._around.names, "all"}
        is_unread = any(found.code == "bad-language" for found in findings.problems) or (
            not post.to and "defaults.to" in self._around.session.flawed
        )
        if problems and known.issuperset(post.to) and not is_unread:  # else it is reported already
            findings.problems += problems
        self._check_languages(post, accounts, findings)
        if is_first:
            self._check_translations(post, group, findings)
        self._check_sections(post, accounts, findings)
        self._check_consents(post, accounts, findings)
        self._check_answers(post, accounts, findings)

    def _check_languages(self, post: Post, accounts: Sequence[Account], findings: Findings) -> None:
        others: dict[str, list[str]] = {}
        for account in accounts:
            if post.lang and account.language and account.language != post.lang:
                others.setdefault(account.language, []).append(account.name)
        hint = _("Name it only if that is intended; a platform or `all` leaves it out.")
        for spoken, names in sorted(others.items()):
            message = _(
                "The draft is in {language}, but these accounts are in {spoken}: {accounts}.",
                accounts=", ".join(names),
                spoken=spoken,
                language=post.lang,
            )
            findings.warning("other-language", post.position("to"), message, hint)

    def _check_translations(self, post: Post, group: Sequence[Post], findings: Findings) -> None:
        addressed = {
            account.language
            for member in group
            for account in self._around.accounts.values()
            if account.language and ("all" in member.to or account.channel in member.to)
        }
        spoken = {member.lang for member in group if member.lang}
        missing = addressed - spoken
        if missing and spoken:  # what is in no language that is known has no translation either
            message = _(
                "Some accounts are in {languages}, but there is no translation for them.",
                languages=", ".join(sorted(filter(None, missing))),
            )
            hint = _("Add one with the language in the file's name, such as name.es.md.")
            findings.warning("missing-translation", post.position("to"), message, hint)

    @staticmethod
    def _check_sections(post: Post, accounts: Sequence[Account], findings: Findings) -> None:
        if not accounts:
            return
        used = {name for account in accounts for name in (account.name, account.channel)}
        for section in post.texts:
            if section and section not in used:
                message = _(
                    "The text for “{section}” is not used, because the post does not go there.",
                    section=section,
                )
                hint = _("Add {section} to `to:`, or delete the section.", section=section)
                findings.warning(
                    "unused-section", post.position(position_key(section)), message, hint
                )

    @staticmethod
    def _check_answers(post: Post, accounts: Sequence[Account], findings: Findings) -> None:
        if post.answers is None or not accounts:
            return
        if len(accounts) > 1:
            message = _("An answer can only go to the account that the reader wrote to.")
            hint = _(
                "In `to:`, name only that account, and write a separate draft for each answer."
            )
            findings.error("answers-elsewhere", post.position("to"), message, hint)
            return
        (account,) = accounts
        how = spec_of(account.channel).replies
        if not how.can:
            message = _(
                "Publisher cannot answer readers on {platform}.",
                platform=title(account.channel),
            )
            findings.error("answers-not-here", post.position("answers"), message, _(how.told))
            return
        if how.longest and (post.media or post.link):
            key = "media" if post.media else "link"
            message = _(
                "An answer on {platform} can only be text.", platform=title(account.channel)
            )
            hint = _("Take the pictures and the `link:` away; the text can contain an address.")
            findings.error("answers-too-much", post.position(key), message, hint)
        longest = max((sum(map(len, parts)) for parts in post.texts.values()), default=0)
        if how.longest and longest > how.longest:
            message = _(
                "An answer on {platform} can have at most {number} characters.",
                platform=title(account.channel),
                number=how.longest,
            )
            findings.error("answers-too-much", post.position("answers"), message)

    def _check_consents(self, post: Post, accounts: Sequence[Account], findings: Findings) -> None:
        for item in post.media:
            record = self._around.consents.get(item.consent or "")
            outside = [a.name for a in accounts if record and not record.covers(a)]
            if outside:
                message = _(
                    "The consent {consent} does not cover {accounts}.",
                    consent=item.consent,
                    accounts=", ".join(outside),
                )
                hint = _("Leave the picture out there, or ask for a wider consent.")
                findings.error("consent-scope", item.position, message, hint)
