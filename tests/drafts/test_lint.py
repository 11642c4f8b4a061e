"""Advice on words: each rule speaks where it is certain, and is silent where it is not."""

from pathlib import Path

import pytest
from PIL import Image

from publisher.base.errors import ConfigurationError
from publisher.channels.registry import SPECS
from publisher.drafts.check import check
from publisher.model.problems import CODES, RULES
from publisher.model.values import Problem, Severity
from publisher.settings import settings
from publisher.settings.schema import HashtagSettings
from tests.support.workspaces import Workspace

pytestmark = pytest.mark.guards(
    "publisher.drafts.check",
    "publisher.drafts.markdown_signs",
    "publisher.drafts.placeholders",
    "publisher.model.posts",
)

SETTINGS = """\
language = "fr"
[accounts.bice-x]
channel = "twitter"
language = "fr"
[accounts.bice-page]
channel = "facebook"
language = "fr"
page_id = "100200300"
[accounts.bice-site]
channel = "site"
[accounts.lima-x]
channel = "twitter"
language = "es"
"""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path, SETTINGS)


def problems(workspace: Workspace) -> list[Problem]:
    return check(settings.load(workspace.path, {}))[1]


def advice(
    workspace: Workspace, text: str, *, at: str = "2016-03-07 08:30", to: str = "bice-x"
) -> list[str]:
    workspace.draft("a.fr", f"at: {at}\nto: {to}", text)
    return [problem.code for problem in problems(workspace)]


def test_every_rule_is_a_warning_with_a_code() -> None:
    assert set(RULES) <= set(CODES)


def test_a_limit_of_hashtags_exists_for_every_channel() -> None:
    assert set(HashtagSettings.model_fields) == set(SPECS)


def test_advice_names_its_place(workspace: Workspace) -> None:
    """Also below a heading, in the second part of a thread, and not in the first line of it."""
    workspace.draft("a.fr", "to: bice-x", "A\n\n## twitter\nUn.\n\n---\nDeux\nou #droitsdelenfant")
    (problem,) = problems(workspace)
    assert (problem.line, problem.column, problem.severity) == (11, 4, "warning")
    assert problem.message == "Screen readers read #droitsdelenfant as one word."
    assert problem.hint == (
        "Begin each of its words with a capital letter, as in #DroitsDeLEnfant."
    )


def test_advice_in_an_indented_first_line_names_its_column(workspace: Workspace) -> None:
    workspace.draft("a.fr", "to: bice-x", "   #childrights, et plus\n#childrights")
    assert [(p.line, p.column) for p in problems(workspace)] == [(4, 1)]


# hashtag-case


@pytest.mark.parametrize(
    "tag",
    [
        "childrights",
        "ChildRights",
        "Droitsdelenfant",
        "DROITSDELENFANT",
        "derechosdelniño",
        "prawadziecka",
        "prawaczłowieka",
        "saferinternetday2016",
        "nochildshouldbeleftbehind",
    ],
)
def test_a_hashtag_of_several_words_needs_capitals(workspace: Workspace, tag: str) -> None:
    expected = [] if tag == "ChildRights" else ["hashtag-case"]
    assert advice(workspace, f"Bonjour. #{tag}") == expected


@pytest.mark.parametrize(
    "tag",
    [
        *("HRC31", "hrc31", "ONU", "UNICEF", "ONUSIDA", "INTERPOL", "COVID19", "metoo"),
        *("communication", "responsabilité", "internationalisation", "aujourdhui", "partout"),
        *("responsabilidad", "comunicaciones", "odpowiedzialność", "bezpieczeństwo"),
        *("accountability", "CôteDIvoire", "enfance_en_danger", "weekdays", "protection"),
    ],
)
def test_a_hashtag_of_one_word_needs_none(workspace: Workspace, tag: str) -> None:
    assert advice(workspace, f"Bonjour. #{tag}") == []


def test_a_hashtag_is_spelled_as_elsewhere_in_the_workspace(workspace: Workspace) -> None:
    workspace.draft("b.fr", "to: bice-x", "Bonjour. #NiUnaMenos")
    workspace.draft("a.fr", "to: bice-x", "Bonjour. #niunamenos")
    (problem,) = problems(workspace)
    assert (problem.file, problem.code) == ("posts/a.fr.md", "hashtag-case")
    assert "#NiUnaMenos" in (problem.hint or "")


@pytest.mark.parametrize(
    "text", ["Voir https://example.org/#childrights", "C&#childrights;", "a#childrights"]
)
def test_what_is_no_hashtag_is_left_alone(workspace: Workspace, text: str) -> None:
    assert advice(workspace, text) == []


# too-many-hashtags


def test_hashtags_are_counted_as_each_channel_likes_them(workspace: Workspace) -> None:
    four = "Bonjour. #Un #Deux #Trois #Quatre"
    assert advice(workspace, four, to="bice-x") == ["too-many-hashtags"]
    assert advice(workspace, four, to="bice-page") == []
    assert advice(workspace, "Bonjour. #Un #Deux #Trois", to="bice-x") == []


def test_the_limit_of_hashtags_is_a_setting(workspace: Workspace) -> None:
    workspace.write("publisher.toml", SETTINGS + "[lint.hashtags]\ntwitter = 4\nfacebook = 0\n")
    assert advice(workspace, "Bonjour. #Un #Deux #Trois #Quatre", to="bice-x") == []
    assert advice(workspace, "Bonjour. #Un", to="bice-page") == ["too-many-hashtags"]


# mention-first


def test_a_mention_must_not_begin_a_post_on_x(workspace: Workspace) -> None:
    """Behind a dot, in a thread's second part and on other channels it may."""
    assert advice(workspace, "@UNICEF parle.") == ["mention-first", "unsolicited-mention"]
    assert advice(workspace, ".@UNICEF parle.") == ["unsolicited-mention"]
    assert advice(workspace, "Bonjour.\n\n---\n@UNICEF parle.") == ["unsolicited-mention"]
    assert advice(workspace, "@UNICEF parle.", to="bice-page") == []
    assert (
        advice(workspace, "@UNICEF parle.\n\n## bice-x\nBonjour.", to="[bice-x, bice-site]") == []
    )


# unsolicited-mention


def test_a_mention_of_others_on_x_is_named_with_x_s_rule(workspace: Workspace) -> None:
    """Once for each text; an address, a link and a name on another network are none."""
    text = "Avec @UN_HRC et @UNICEF, @UN_HRC !"
    workspace.draft("a.fr", "to: [bice-x, bice-page]", text)
    (problem,) = problems(workspace)
    assert (problem.code, problem.column, problem.severity) == ("unsolicited-mention", 6, "warning")
    assert problem.message.startswith("@UN_HRC, @UNICEF: the platform forbids")
    assert advice(workspace, text, to="bice-page") == []
    assert advice(workspace, "a@example.org https://example.org/@bice @bice@mastodon.social") == []


def test_our_own_accounts_may_be_mentioned(workspace: Workspace) -> None:
    handle = SETTINGS.replace("[accounts.lima-x]\n", '[accounts.lima-x]\nhandle = "CEDAPP_Peru"\n')
    workspace.write("publisher.toml", handle)
    assert advice(workspace, "Avec @cedapp_peru.") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@lena Oui.", []),
        ("@lena @UNICEF Oui.", ["unsolicited-mention"]),
        ("Oui, @UNICEF.", ["unsolicited-mention"]),
    ],
)
def test_an_answer_may_begin_with_the_reader_whom_it_answers(
    workspace: Workspace, text: str, expected: list[str]
) -> None:
    """The reader has asked, and a reply is seen where it stands; this is not true of others."""
    workspace.draft("a.fr", "at: 2016-03-07 08:30\nto: bice-x\nanswers: '12'", text)
    assert [problem.code for problem in problems(workspace)] == expected


# wrong-season


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2016-07-04 08:00", "Séance à 10:00 CET"),
        ("2016-07-04 08:00", "Séance à 10h00 (CET)."),
        ("2016-07-04 08:00", "At 3 p.m. CET we start"),
        ("2016-01-04 08:00", "At 3pm CEST we start"),
        ("2016-01-04 08:00", "o godz. 10.30 CEST"),
        ("2016-01-04 08:00", "1PM EDT/1700UTC"),
        ("2016-01-04 08:00", "at 9 BST"),
    ],
)
def test_an_abbreviation_of_the_other_season_is_noticed(
    workspace: Workspace, at: str, text: str
) -> None:
    workspace.edit("session.yaml", "starts: 2016-02-29\nends: 2016-03-24\n", "")
    assert advice(workspace, text, at=at) == ["wrong-season"]


@pytest.mark.parametrize(
    ("at", "text"),
    [
        ("2016-07-04 08:00", "Séance à 10:00 CEST"),
        ("2016-01-04 08:00", "Séance à 10:00 CET"),
        ("2016-07-04 08:00", "À 10 h est prévu le débat, à l’EST du lac"),
        ("2016-07-04 08:00", "La norme CET existe"),
        ("2016-07-04 08:00", "10:00 GMT"),
        ("2016-03-24 08:00", "Dimanche 27 mars à 10:00 CEST"),
        ("2016-03-24 08:00", "Demain à 10:00 CET"),
    ],
)
def test_an_abbreviation_that_may_be_right_is_left_alone(
    workspace: Workspace, at: str, text: str
) -> None:
    """In its season, close to the change of the clocks, and where it is another word."""
    workspace.edit("session.yaml", "starts: 2016-02-29\nends: 2016-03-24\n", "")
    assert advice(workspace, text, at=at) == []


def test_without_a_time_there_is_no_season(workspace: Workspace) -> None:
    workspace.draft("a.fr", "to: bice-x", "Séance à 10:00 CEST")
    assert problems(workspace) == []


# broken-link, markdown-link


@pytest.mark.parametrize(
    "link",
    [
        *(
            "http:/example.org/a",
            "https//example.org",
            "https:\\\\example.org",
            "htp://example.org",
        ),
        *("hhttps://example.org", "https://exa mple.org", "https:// example.org", "https://"),
        *(
            "https://example",
            "https://www,example.org",
            "https://example..org/",
            "http:example.org",
        ),
        *("https://https://example.org", "HTTPS:/example.org", "https://-a.org"),
    ],
)
def test_what_looks_like_a_link_must_be_one(workspace: Workspace, link: str) -> None:
    assert advice(workspace, f"Voir ({link}) ici.") == ["broken-link"]


@pytest.mark.parametrize(
    "link",
    [
        *("https://example.org", "(https://example.org)", "«https://example.org/a?b=c#d»"),
        *("https://www.example.org:8080/a", "https://dzień.example.pl/ą", "https://example.org."),
        *("https://example.org, et", "https://example.org…", "www.example.org", "example.org/a"),
        *("https://web.example.org/2020/https://example.com/", "https://127.0.0.1/a"),
        *("HTTPS://EXAMPLE.ORG", "http/2 et https: sûrs", "TP/TD", "output: x", "ftp:/x"),
    ],
)
def test_a_link_is_left_alone(workspace: Workspace, link: str) -> None:
    assert advice(workspace, f"Voir {link}") == []


@pytest.mark.parametrize(
    "link",
    [
        *(
            "[le rapport](https://example.org/a)",
            "![](www.example.org/a.png)",
            "[moi](mailto:a@b.org)",
        ),
        *("![image](media/photo.jpg)", "[le rapport](../rapport.pdf)", "![Une salle](salle)"),
    ],
)
def test_a_link_of_markdown_is_noticed(workspace: Workspace, link: str) -> None:
    assert advice(workspace, f"Voir {link}.") == ["markdown-link"]


@pytest.mark.parametrize(
    "text", ["[sic] (voir plus bas)", "[1](note)", "a[b](c)", "[x] https://example.org"]
)
def test_brackets_are_no_link(workspace: Workspace, text: str) -> None:
    assert advice(workspace, text) == []


@pytest.mark.parametrize(
    "text",
    [
        *("Un mot **très important** ici.", "Un __mot__ ici.", "Fin[^1]", "```\ncode\n```\n"),
        *("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n--- | ---\n1 | 2"),
    ],
)
def test_markdown_is_noticed(workspace: Workspace, text: str) -> None:
    assert "markdown-as-text" in advice(workspace, text)


@pytest.mark.parametrize(
    "text",
    [
        *("5 ** 2", "* un\n* deux", "snake_case__name", "@__nom__", "Il a dit *oui*", "a | b", "|"),
        *("https://example.org/__a__", "Note** : voir plus bas", "2*3*4"),
    ],
)
def test_stars_and_strokes_are_no_markdown(workspace: Workspace, text: str) -> None:
    assert "markdown-as-text" not in advice(workspace, text)


# shouting


@pytest.mark.parametrize(
    "text",
    [
        "STOP À LA VIOLENCE !",
        "SAVE OUR CHILDREN",
        "UNE FOIS POUR TOUTES",
        "Bonjour. CONSEIL DES DROITS DE L’HOMME",
        "PRAWA DZIECKA ŁĄCZĄ",
    ],
)
def test_words_in_capitals_are_noticed(workspace: Workspace, text: str) -> None:
    assert advice(workspace, text) == ["shouting"]


@pytest.mark.parametrize(
    "text",
    [
        "L’ONU, l’UNICEF et l’OIT",
        "ONU UNICEF",
        "Avec UNICEF UNESCO OHCHR",
        "BICE HRC31 CEDAPP UNICEF",
        "#UN #DEUX #TROIS",
        "A B C D E",
    ],
)
def test_acronyms_are_no_shouting(workspace: Workspace, text: str) -> None:
    assert advice(workspace, text) == []


# switching off


def test_a_workspace_switches_a_rule_off(workspace: Workspace) -> None:
    text = "@UNICEF : STOP À LA VIOLENCE ! #childrights"
    assert advice(workspace, text) == [
        "mention-first",
        "unsolicited-mention",
        "shouting",
        "hashtag-case",
    ]
    workspace.write(
        "publisher.toml",
        '[lint]\nignore = ["shouting", "hashtag-case", "unsolicited-mention"]\n'
        + "".join(SETTINGS.partition("[")[1:]),
    )
    assert advice(workspace, text) == ["mention-first"]


def test_a_draft_ignores_a_rule(workspace: Workspace) -> None:
    """One or several, and for itself alone."""
    workspace.draft("a.fr", "to: bice-x\nignore: shouting", "STOP À LA VIOLENCE #childrights")
    workspace.draft(
        "b.fr", "to: bice-x\nignore: [shouting, hashtag-case]", "STOP À LA PEUR ! #childrights"
    )
    assert [(p.file, p.code) for p in problems(workspace)] == [("posts/a.fr.md", "hashtag-case")]


def test_a_missing_translation_can_be_ignored(workspace: Workspace) -> None:
    workspace.draft("a.fr", "to: twitter", "Bonjour.")
    assert [p.code for p in problems(workspace)] == ["missing-translation"]
    workspace.draft("a.fr", "to: twitter\nignore: missing-translation", "Bonjour.")
    assert problems(workspace) == []


def test_errors_cannot_be_ignored(workspace: Workspace) -> None:
    workspace.draft("a.fr", "to: bice-x\nignore: too-long", "a" * 281)
    assert [p.code for p in problems(workspace)] == ["bad-value", "too-long"]
    workspace.draft("a.fr", "to: bice-x\nignore: shoutin", "Bonjour.")
    (problem,) = problems(workspace)
    assert (problem.code, problem.hint) == ("bad-value", "Did you mean `shouting`?")


def test_settings_name_a_rule_that_does_not_exist(workspace: Workspace) -> None:
    workspace.write("publisher.toml", '[lint]\nignore = ["shoutin"]\n')
    with pytest.raises(
        ConfigurationError, match=r"publisher\.toml:2:1: lint\.ignore\.0: .*'shouting'"
    ):
        settings.load(workspace.path, {})
    workspace.write("publisher.toml", "[lint.hashtags]\ntwiter = 3\n")
    with pytest.raises(ConfigurationError) as raised:
        settings.load(workspace.path, {})
    assert raised.value.hint == "Did you mean `twitter`?"


def test_the_environment_switches_rules_off(workspace: Workspace) -> None:
    found = settings.load(workspace.path, {"PUBLISHER_LINT__IGNORE": "shouting broken-link"})
    assert found.lint.ignore == ("shouting", "broken-link")


# placeholder


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Rendez-vous ici : [LIEN]", "[LIEN]"), ("Plus ici [link].", "[link]"), ("TODO la fin", "TODO"),
        ("Nous étions XX enfants.", "XX"), ("À XX h, salle 20", "XX"), ("xx personnes", "xx"),
        ("Lorem ipsum dolor", "Lorem ipsum"), ("Le XXXX mars", "XXXX"), ("Combien ? ????", "????"),
        ("Voir [TODO]", "[TODO]"), ("Le [XX] mars", "[XX]"), ("Le xxxx mars", "xxxx"), ("TODO : la fin", "TODO"),
        ("Chère {{ name }}, bonjour", "{{ name }}"), ("Bonjour %NAME%", "%NAME%"), ("À ${ville}", "${ville}"),
        ("Write the text here. Hello all.", "Write the text here"), ("Bonjour\n\nÉcrivez le texte ici.", "Écrivez le texte ici"),
        ("Escriba el texto aquí", "Escriba el texto aquí"), ("Napisz tekst tutaj.", "Napisz tekst tutaj"),
        ("[x] note: à relire", "[x]"), ("- [ ] relire", "- [ ]"), ("Fin. [note : à relire]", "[note : à relire]"),
    ],
)  # fmt: skip
def test_what_waits_for_the_right_word_is_named(workspace: Workspace, text: str, word: str) -> None:
    workspace.draft("a.fr", "to: bice-x", text)
    (problem,) = problems(workspace)
    assert (problem.code, problem.severity) == ("placeholder", Severity.ERROR)
    assert problem.column == text[text.rfind("\n", 0, text.index(word)) + 1 :].index(word) + 1
    assert problem.message == f"“{word}” still needs to be replaced."


@pytest.mark.parametrize(
    "text",
    [
        "La salle XX du Palais", "Art. XX", "Au XXe siècle", "Sala XX", "El siglo XX", "@XX et #XX", "Louis XX",
        "La méthode", "[Le lien](https://example.org) [1]", "Comment ???", "Xx", "Todos juntos",
        "De 10% à 20%", "https://example.org/?a=%C3%A9t%C3%A9", "{ceci}", "[x] https://example.org", "5 $ {a}", "Write your words here: https://example.org",
    ],
)  # fmt: skip
def test_roman_numbers_and_other_words_are_no_placeholders(workspace: Workspace, text: str) -> None:
    assert "placeholder" not in advice(workspace, text)


def test_todo_is_a_word_in_spanish(workspace: Workspace) -> None:
    workspace.draft("a.es", "to: lima-x", "TODO niño tiene derechos.")
    assert problems(workspace) == []
    workspace.draft("a.es", "to: lima-x", "TODO: terminar")
    assert [problem.code for problem in problems(workspace)] == ["placeholder"]


# alt-is-file-name


@pytest.mark.parametrize(
    ("alt", "wrong"),
    [
        ("IMG_4711.jpg", True), ("photo.jpg", True), ("IMG_4711", True), ("salle-xx", True), ("Photo", True),
        ("DSC01234", True), ("Genève", False), ("La salle vue de l'entrée", False), ("Photo de la salle", False),
    ],
)  # fmt: skip
def test_a_files_name_says_nothing_to_those_who_cannot_see(
    workspace: Workspace, alt: str, wrong: bool
) -> None:
    Image.new("RGB", (4, 4)).save(_media(workspace) / "salle-xx.png")
    workspace.draft("a.fr", f'to: bice-x\nmedia:\n  - file: media/salle-xx.png\n    alt: "{alt}"\n')
    found = [(problem.code, problem.line) for problem in problems(workspace)]
    assert found == [("alt-is-file-name", 4)] * wrong


def _media(workspace: Workspace) -> Path:
    folder = workspace.path / "posts" / "media"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.mark.parametrize("code", ["rule-as-text", "heading-as-text", "placeholder"])
def test_a_draft_may_say_that_it_is_meant(workspace: Workspace, code: str) -> None:
    workspace.draft("a.fr", f"to: bice-x\nignore: {code}", "Un XX\n***\n# Le titre")
    codes = [problem.code for problem in problems(workspace)]
    assert sorted([*codes, code]) == ["heading-as-text", "placeholder", "rule-as-text"]


# hidden-characters


@pytest.mark.parametrize(
    "text", ["Bon\u200bjour.", "Voir \u202egpj.exe", "Un\u2060 mot", "\u2066a\u2069"]
)
def test_characters_that_nobody_sees_are_warned_of(workspace: Workspace, text: str) -> None:
    assert advice(workspace, text) == ["hidden-characters"]


@pytest.mark.parametrize(
    "text", ["👩\u200d👧 en famille", "co\u00adopération", "می\u200cخواهم", "a\nb"]
)
def test_what_belongs_to_words_and_emoji_is_not_hidden(workspace: Workspace, text: str) -> None:
    assert advice(workspace, text) == []
