"""Media items of a draft: its list `media`, read."""

from pathlib import Path

from publisher.base.i18n import _
from publisher.base.text import suggestion
from publisher.drafts import missing_media, picture_consents
from publisher.drafts.fields import Fields
from publisher.drafts.picture_consents import place_of
from publisher.drafts.surroundings import Surroundings
from publisher.drafts.yaml_tree import Mapping as MappingNode
from publisher.drafts.yaml_tree import Scalar
from publisher.media import captions, videos
from publisher.model.content import UNKNOWN_LANGUAGE, Captions
from publisher.model.draft_keys import MEDIA_KEYS
from publisher.model.posts import MediaItem
from publisher.model.problems import Findings, Flaw


def read(
    fields: Fields, post_id: str, lang: str | None, around: Surroundings, findings: Findings
) -> tuple[MediaItem, ...]:
    """The media of a draft in the language `lang`; what is wrong with one is noted."""
    reader = _MediaReader(post_id, lang, around, findings)
    items = (reader.item(node) for node in fields.mappings("media"))
    return tuple(item for item in items if item)


def alt_missing() -> Flaw:
    hint = _("In `alt:`, say what it shows, for people who cannot see it.")
    return Flaw("alt-missing", _("The picture has no description."), hint)


class _MediaReader:
    """Reads the media of one draft."""

    def __init__(
        self, post_id: str, lang: str | None, around: Surroundings, findings: Findings
    ) -> None:
        self._post_id = post_id
        self._lang = lang
        self._around = around
        self._findings = findings

    def item(self, node: MappingNode) -> MediaItem | None:
        fields = Fields(node, MEDIA_KEYS, self._findings)
        name, alt = fields.text("file"), fields.text("alt", may_be_empty=True)
        if "file" not in fields:
            fields.missing("file", _("Give a picture: `file: media/name.jpg`."))
        if alt is None and isinstance(fields.node("alt"), Scalar | None):
            self._findings.add(alt_missing(), fields.position("alt"))
        people, consent = fields.flag("people"), fields.text("consent")
        path = self._picture(fields, name) if name else None
        elsewhere = tuple(self._around.said(path, self._findings.file)) if path else ()
        unnamed = None
        if path and consent is None:
            unnamed = picture_consents.unnamed(
                path.name, elsewhere, self._around.consents, denied=people is False
            )
        if unnamed:
            self._findings.add(unnamed, fields.position("file"))
        else:
            self._check_consent(fields, consent, people=people or False)
        if path is None:
            return None
        return MediaItem(
            path=path,
            alt=alt or "",  # a preview shows it; its error keeps the draft from the schedule
            captions=self._captions(fields, path),
            credit=fields.text("credit"),
            people=people or False,
            consent=consent,
            elsewhere=elsewhere,
            is_denied=people is False,
            position=fields.position("file"),
        )

    def _captions(self, fields: Fields, path: Path) -> Captions | None:
        """What is in the file with captions beside a video; None: there is none."""
        if path.suffix.lower() not in videos.SUFFIXES:
            return None
        for place, lang in captions.beside(path, self._lang):
            found = self._around.locate(place)
            if isinstance(found, Flaw) and found.code == "media-missing":
                continue
            told = (
                found if isinstance(found, Flaw) else captions.read(found, lang or UNKNOWN_LANGUAGE)
            )
            if not isinstance(told, Flaw):
                return told
            fields.reject("file", told)
            break
        return None

    def _picture(self, fields: Fields, name: str) -> Path | None:
        unsaved = self._around.unsaved.get(name)
        place = place_of(name, self._post_id, self._around.posts)
        found = unsaved or self._around.locate(place)
        if isinstance(found, Flaw):
            if found.code == "media-missing":
                folder = (self._around.posts / self._post_id).parent
                found = missing_media.missing(name, folder, self._around.posts, self._around.media)
            fields.reject("file", found)
            return None
        self._around.named[found].append((self._findings, fields.position("file")))
        return found

    def _check_consent(self, fields: Fields, consent: str | None, *, people: bool) -> None:
        if people and "consent" not in fields:
            message = _("People are in the picture, but no consent is named.")
            hint = _("Add `consent:` with the id of a record in posts/consents.yaml.")
            self._findings.error("consent-missing", fields.position("people"), message, hint)
        if consent is not None and consent not in self._around.consents:
            hint = suggestion(consent, self._around.consents, nothing=_("It has no usable record."))
            message = _("posts/consents.yaml has no consent “{consent}”.", consent=consent)
            flaw = Flaw("unknown-consent", message, hint)
            fields.reject("consent", flaw)
