"""Composed draft: the draft that a composer changes, or the new one that it makes."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from publisher.app import Application
from publisher.base import i18n
from publisher.base.errors import NotPossible, UsageError
from publisher.base.i18n import _
from publisher.base.text import slug
from publisher.drafts import editing, new_draft, replying, when
from publisher.drafts.composition import Composing, Composition
from publisher.drafts.draft import split_language
from publisher.drafts.draft_files import DraftFiles
from publisher.drafts.editing import Manuscript
from publisher.drafts.session import LANGUAGE
from publisher.drafts.times import Moment
from publisher.drafts.when import When
from publisher.ledger.manager.rights import Person
from publisher.model.accounts import Account
from publisher.model.draft_keys import PLAIN_KEYS
from publisher.model.posts import Post
from publisher.web import draft_view
from publisher.web.compose_form import ComposeForm

_TITLE = 200
"""Characters at the beginning of a text by which a draft may be called."""


@dataclass(frozen=True, slots=True)
class ComposedDraft:
    """A draft, and its values before any change."""

    draft: Manuscript
    post: Post
    composing: Composing
    seen: Composition
    is_new: bool
    source: "ComposedDraft | None" = None
    """The draft of which it is a translation."""
    copy_of: str | None = None
    """The post whose words it begins with; of a template, None: nobody approves its words."""

    @property
    def id(self) -> str:
        return self.post.id

    @property
    def language_is_fixed(self) -> bool:
        """Whether its file's name says its language."""
        spoken = {account.language for account in self.composing.accounts.values()}
        named = split_language(self.id, frozenset(filter(None, spoken)))[1]
        return self.source is not None or (not self.is_new and named is not None)

    def applied(self, wanted: Composition) -> Manuscript:
        """The draft with other values; raises what `Composing.applied` raises."""
        return self.composing.applied(self.draft, self.post, wanted)


def _composing(app: Application) -> Composing:
    return Composing(app.session(), app.settings.public_accounts())


def existing(app: Application, post_id: str) -> ComposedDraft:
    """The draft of a post. Raises NoSuchPost, and NotPossible for one that cannot be read."""
    return of(app, post_id, editing.read(draft_view.find(app, post_id)))


def of(app: Application, post_id: str, draft: Manuscript) -> ComposedDraft:
    """A version of the draft, whatever is in the file by now. Raises NotPossible likewise."""
    as_read = {draft.file: draft.data}
    post = app.checks.read(app.settings, [draft.path], revised=as_read).post(post_id)
    if post is None:
        hint = _("Correct it as a file first.")
        raise NotPossible(_("The draft cannot be read."), hint=hint)
    composing = _composing(app)
    return ComposedDraft(draft, post, composing, composing.read(draft, post), is_new=False)


def new(app: Application, form: ComposeForm) -> ComposedDraft:
    """The draft that a form makes, which has no file yet. Raises NoSuchPost without its source."""
    composing = _composing(app)
    source = (
        existing(app, form.translation_of or form.copy_of)
        if form.translation_of or form.copy_of
        else None
    )
    lang = form.lang if LANGUAGE.fullmatch(form.lang) else ""
    if form.translation_of and not lang:
        raise UsageError(_("Choose the language that you are translating into."))
    post_id = _id(app, composing, form, source, lang)
    file = new_draft.at(app.settings.posts, post_id)
    draft = Manuscript(file.path, file.file, new_draft.EMPTY)
    post = Post(id=post_id, file=file.file, lang=lang or None)
    return ComposedDraft(
        draft,
        post,
        composing,
        Composition(lang=lang),
        is_new=True,
        source=source if form.translation_of else None,
        copy_of=None if form.copy_of.startswith(new_draft.TEMPLATES) else form.copy_of or None,
    )


def translated_id(app: Application, post_id: str, lang: str) -> str:
    """The id of a post's translation."""
    spoken = {account.language for account in app.settings.public_accounts().values()}
    return f"{split_language(post_id, frozenset(filter(None, spoken)))[0]}.{lang}"


def _id(
    app: Application,
    composing: Composing,
    form: ComposeForm,
    source: ComposedDraft | None,
    lang: str,
) -> str:
    ending = f".{lang}" if lang else ""
    spoken = [a.language for a in composing.accounts.values() if a.language]
    if source and form.translation_of:
        return translated_id(app, source.id, lang)
    if _may_name_a_reader(app, form, source):
        to = composing.accounts.get(next(iter(form.account or ()), ""))
        name = replying.name(to) if to else "answer"
    else:
        name = _name(composing, form)
    name = new_draft.folder_of_copies(source.id) + name if source else name
    return new_draft.free(name, DraftFiles(app.settings.posts).files, spoken) + ending


def _may_name_a_reader(app: Application, form: ComposeForm, source: ComposedDraft | None) -> bool:
    """Whether the words are an answer's, or a correction's or a copy of one: ids are for more
    people than readers' names are.
    """
    if form.plain["answers"] or (source and source.post.answers):
        return True
    corrected = form.plain["corrects"] or (source and source.post.corrects)
    return bool(corrected and app.queries.answering([corrected]))


def _name(composing: Composing, form: ComposeForm) -> str:
    """What the file of a new post is called, by what was typed."""
    typed = (
        form.plain["title"],
        *(part for parts in form.texts.values() for part in parts),
        "post",
    )
    if form.embargo:  # ids stand in calendars and notices, before their words may
        typed = ("embargo",)
    title = next(text for text in (text[:_TITLE] for text in typed) if slug(text))
    at = form.time.read(composing.session)
    instant = None
    if isinstance(at, When) and at.kind == "time":
        resolved = composing.session.resolve(str(when.written(at, composing.session)))
        instant = resolved if isinstance(resolved, Moment) else None
    return new_draft.stem(title, instant, composing.session.zone)


def begun(
    app: Application, person: Person, *, at: str, lang: str, copy: str, translate: str
) -> ComposeForm:
    """The form of a new post: empty, a copy of a post, or the translation of one."""
    composing = _composing(app)
    if translate:
        return _translation(app, composing, person, translate, lang)
    if copy:
        source = existing(app, copy)
        media = [
            entry.model_copy(update={"file": new_draft.file_in_copies(entry.file, copy)})
            for entry in source.seen.media
        ]
        form = ComposeForm.of(source.seen).with_media(media)
        # Another answer to the same reader is nothing that anybody copies.
        form = form.with_plain(repeat="", answers="", author=person.name)
        return replace(form, copy_of=copy, when="", embargo="")
    language = lang or _language(app, composing, person)
    usual = _usual(composing, person, language)
    return ComposeForm.of(
        Composition(
            to=tuple(_writable(app, person, usual)),
            when=_preset(at),
            lang=language,
            plain={"author": person.name},
        )
    )


def _preset(at: str) -> When:
    """The time that an address asks for, if it is one."""
    try:
        local = datetime.fromisoformat(f"{at}T09:00" if len(at) == len("2016-03-07") else at)
    except ValueError:
        return When()
    local = local.replace(tzinfo=None, second=0, microsecond=0)
    return When(kind="time", local=local)


def _language(app: Application, composing: Composing, person: Person) -> str:
    """The language that a person writes in: theirs, or the session's, if an account speaks it.

    Of somebody with a right over some organisations, one of their accounts.
    """
    of_all = composing.accounts.values()
    own = [a for a in of_all if a.language and person.is_of(a.organisation)]
    spoken = Counter(a.language for a in own or of_all if a.language)
    wishes = (
        person.language, composing.session.defaults.lang, app.settings.language, i18n.current()
    )  # fmt: skip
    usual = next((language for language in wishes if language in spoken), None)
    return usual or next((language for language, _number in spoken.most_common(1)), "")


def _usual(composing: Composing, person: Person, lang: str) -> Iterable[str]:
    """The accounts that a person posts to, if nothing else is said: their own, or the session's.

    Not all of them: which accounts speak is said for each post.
    """
    if person.organisations is None and "all" in composing.session.defaults.to:
        return ()
    if person.organisations is None:
        post = Post(id="", file="", lang=lang, to=composing.session.defaults.to)
        return composing.recipients(post)
    return [
        account.name
        for account in composing.accounts.values()
        if account.language in (lang, None) and person.is_of(account.organisation)
    ]


def _writable(app: Application, person: Person, names: Iterable[str]) -> list[str]:
    return [name for name in names if app.rights.permits_writing(person, [name])]


def _translation(
    app: Application, composing: Composing, person: Person, translate: str, lang: str
) -> ComposeForm:
    source = existing(app, translate)
    names = {
        other.name
        for name in source.seen.to
        if name in composing.accounts
        for other in _counterparts(composing, composing.accounts[name], lang)
    }
    sections = _sections(composing, source, lang)
    words = {key.name: "" for key in PLAIN_KEYS if key.is_worded and key.label}
    own = {**words, "repeat": "", "answers": "", "author": person.name}
    wanted = source.seen.model_copy(
        update={
            "to": tuple(_writable(app, person, (n for n in composing.accounts if n in names))),
            "lang": lang,
            "plain": {**source.seen.plain, **own},
            "texts": {new: ("",) * len(source.seen.texts[old]) for old, new in sections.items()},
            "media": tuple(entry.model_copy(update={"alt": ""}) for entry in source.seen.media),
        }
    )
    return replace(ComposeForm.of(wanted), translation_of=translate)


def source_texts(composed: ComposedDraft) -> dict[str, tuple[str, ...]]:
    """The texts that are translated, by the sections of the translation."""
    source = composed.source
    if source is None:
        return {}
    sections = _sections(composed.composing, source, composed.seen.lang)
    return {new: source.seen.texts[old] for old, new in sections.items()}


def _sections(composing: Composing, source: ComposedDraft, lang: str) -> dict[str, str]:
    """The sections of a translation, by those of its source that have one."""
    found = {}
    for name in source.seen.texts:
        account = composing.accounts.get(name)
        others = _counterparts(composing, account, lang) if account else []
        if account is None or len(others) == 1:
            found[name] = others[0].name if account else name
    return found


def _counterparts(composing: Composing, account: Account, lang: str) -> list[Account]:
    """The accounts that say the same in another language: of the organisation, or else of all."""
    if account.language is None:
        return [account]
    found = [
        other
        for other in composing.accounts.values()
        if other.channel == account.channel and other.language == lang
    ]
    return [other for other in found if other.organisation == account.organisation] or found
