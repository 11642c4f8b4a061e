"""Words of alarm (posts/alarm-words.yaml): what a reader's comment says when somebody must look.

A mapping of languages to lists of words and phrases. A word may end with `*`, for any ending; case
and accents do not matter. Without the file, the list of a fresh workspace counts.
"""

from collections.abc import Iterator
from pathlib import Path

from publisher.base.i18n import _
from publisher.drafts import consents, text_files, yaml_tree
from publisher.drafts.session import LANGUAGE
from publisher.model.alarms import AlarmWord, Signs
from publisher.model.problems import Findings, Flaw

FILE = "posts/alarm-words.yaml"
_NAME = "alarm-words.yaml"
MOST = 2_000
"""Words and phrases: each comment is compared with all of them."""

SAMPLE = """\
en: [suicid*, kill myself, kill yourself, want to die, hurt myself, self harm, rape*, raping,
  molest*, abuse me, abused me, abuses me, touched me, touches me, hits me, beats me, beat me,
  locked up, help me, run away, afraid of him, nudes, naked pictures, kill you, kill them,
  find you, where you live, will pay for this, burn it down, bomb, his address, her address,
  phone number]
fr: [suicid*, me tuer, tue toi, envie de mourir, veux mourir, me faire du mal, viol, viole,
  violee, violer, violeur*, agress* sexuel*, attouchement*, m'a touche*, me touche, me frappe,
  me bat, me tape, enferme*, aidez moi, aide moi, au secours, fugue*, peur de lui, photos nues,
  je vais te tuer, te tuer, vous tuer, les tuer, te retrouver, vous retrouver, ou tu habites,
  ou vous habitez, vous allez payer, bombe, son adresse, son numero]
es: [suicid*, matarme, matate, quiero morir, hacerme dano, viol*, abus* de mi, abuso sexual,
  acos* sexual*, me toca, me toco, me pega, me golpea, encerrad*, ayudame, ayudenme, socorro,
  fugarme, le tengo miedo, fotos desnud*, te voy a matar, matarte, matarlos, los vamos a matar,
  te vamos a encontrar, donde vives, donde viven, vas a pagar, van a pagar, bomba, su direccion,
  su numero]
pl: [samoboj*, zabic sie, zabije sie, zabij sie, chce umrzec, zrobic sobie krzywde, gwalt*,
  zgwalc*, molest*, wykorzyst* seksual*, dotyka mnie, dotykal mnie, bije mnie, bil mnie,
  zamknal mnie, pomozcie, pomocy, pomoz mi, uciec z domu, boje sie go, nagie zdjec*, zabije cie,
  zabijemy, znajde cie, znajdziemy, gdzie mieszkasz, gdzie mieszkacie, zaplacisz za to, bomba,
  bombe, jego adres, jej adres, numer telefonu]
"""
"""The list of a fresh workspace: a beginning, which the organisation makes its own."""


def load(posts: Path, findings: Findings) -> tuple[AlarmWord, ...]:
    """Read the list; the sample, if there is no file. What cannot be used is left out."""
    path = posts / _NAME
    if text_files.is_missing(path):
        return parse(SAMPLE, Findings(FILE))
    text = text_files.read(path, findings)
    return () if text is None else parse(text, findings)


def parse(text: str, findings: Findings) -> tuple[AlarmWord, ...]:
    """Parse the text of posts/alarm-words.yaml."""
    root = yaml_tree.mapping(text, findings)
    if root is None:
        return ()
    return tuple(
        word for name, entry in root.entries.items() for word in _of(name, entry, findings)
    )


def _of(language: str, entry: yaml_tree.Entry, findings: Findings) -> Iterator[AlarmWord]:
    """The words of one language, each once."""
    if not LANGUAGE.fullmatch(language):
        message = _("“{name}” is not a language. Write a code such as fr.", name=language)
        findings.error("bad-language", entry.key, message)
        return
    if not isinstance(entry.value, yaml_tree.Sequence):
        flaw = Flaw("not-a-list", _("`{key}` needs a list.", key=language))
        findings.add(flaw, entry.value.position)
        return
    if len(entry.value.items) > MOST:
        message = _("`{key}` has more than {most} words.", key=language, most=MOST)
        findings.error("bad-value", entry.value.position, message)
        return
    for item in entry.value.items:
        if not isinstance(item, yaml_tree.Scalar):
            flaw = Flaw("not-a-text", _("`{key}` needs a list of single values.", key=language))
            findings.add(flaw, item.position)
        elif word := AlarmWord.of(item.value.strip()):
            yield word
        else:
            message = _("“{word}” has no letters to look for.", word=item.value[:50])
            findings.error("bad-value", item.position, message)


class SignLists:
    """What is looked for in comments: the words, and the names that the consents keep.

    What cannot be read leaves the last good list, so that one wrong character of a file takes
    nothing away unseen; the flaw is told where comments are read.
    """

    def __init__(self, posts: Path) -> None:
        self._posts = posts
        self._words: tuple[AlarmWord, ...] | None = None
        self._names: tuple[str, ...] = ()

    def signs(self) -> Signs:
        """The lists as they are now."""
        if not self._posts.is_dir():
            flaw = _(
                "The process that reads comments does not have {folder}: the organisation's "
                "alarm words and names do not count, and duty hours are in UTC. Give its machine "
                "the folder.",
                folder="posts/",
            )
            return Signs(self._words or parse(SAMPLE, Findings(FILE)), self._names, flaw)
        about_words, about_names = Findings(FILE), Findings(consents.FILE)
        words = load(self._posts, about_words)
        names = consents.names(self._posts, about_names)
        flawed = [FILE] if about_words.problems else []
        if not flawed or self._words is None:
            # Of a first list with flaws: what can be used, and the sample.
            sample = parse(SAMPLE, Findings(FILE)) if flawed else ()
            self._words = tuple(dict.fromkeys([*words, *sample]))
        kept = self._words
        if flawed:  # what was added besides the flaw counts at once
            kept = tuple(dict.fromkeys([*words, *kept]))
        if names is None:
            flawed.append(consents.FILE)
        else:
            self._names = names
        flaw = _(
            "{files} cannot be read as a whole: Publisher uses what it read last. `publisher "
            "check` shows the place.",
            files=", ".join(flawed),
        )
        return Signs(kept, self._names, flaw if flawed else "")
