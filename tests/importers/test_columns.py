"""What a column holds is known by its title, or said by whoever imports."""

import pytest

from tests.importers.conftest import Bring, fronts, texts, told


@pytest.mark.parametrize(
    "header",
    [
        "Text,Date,Link,Account",
        "MESSAGE,Posting Time,URL,Channel",
        "Texte,Date et heure,Lien,Comptes",
        "texto,Fecha y hora,Enlace,Canales",
        "Treść,Data publikacji,Link,Kanał",
        "Contenu (FR),Date (jj/mm/aaaa hh:mm),lien,Réseau",
        "message_text,date,link_url,to",
    ],
)
def test_titles_are_known_in_each_language(bring: Bring, header: str) -> None:
    found = bring(
        None, f"{header}\nBonjour,2016-03-07 08:30,https://www.example.org,bice-page\n", to=()
    )
    assert told(found) == []
    assert fronts(found) == [
        ["at: 2016-03-07 08:30", "to: [bice-page]", 'link: "https://www.example.org"']
    ]
    assert texts(found) == ["Bonjour"]


@pytest.mark.parametrize("header", ["Fecha,Hora,Texto", "Jour,Heure,Texte", "Dzień,Godzina,Wpis"])
def test_the_time_of_day_may_have_a_column_of_its_own(bring: Bring, header: str) -> None:
    found = bring(None, f"{header}\n31/03/2016,8:05,Bonjour\n")
    assert fronts(found)[0][0] == "at: 2016-03-31 08:05"


def test_any_other_title_can_be_said(bring: Bring) -> None:
    """Whatever the case of its letters; what it had been known for is then left out."""
    found = bring(
        None,
        "Message,Accroche,Quand\nNote,Bonjour,2016-03-07 08:30\n",
        columns={"text": "accroche", "at": "Quand"},
    )
    assert told(found) == [("column-left-out", 1, 1)]
    assert texts(found) == ["Bonjour"]


def test_a_column_can_be_left_out(bring: Bring) -> None:
    """The hour of the event is not that of the post."""
    content = "Texte,Date,Heure\nBonjour,2016-03-07 08:30,14:00\n"
    assert told(bring(None, content)) == [("bad-time", 2, 2)]
    found = bring(None, content, columns={"time": ""})
    assert told(found) == [("column-left-out", 1, 3)]
    assert fronts(found)[0][0] == "at: 2016-03-07 08:30"


def test_a_column_that_nobody_knows_is_told_once_and_only_if_it_holds_anything(
    bring: Bring,
) -> None:
    found = bring(
        None, "Texte,Statut,Date,Notes\nUn,prêt,2016-03-07 08:30,\nDeux,prêt,2016-03-08 08:30,\n"
    )
    assert told(found) == [("column-left-out", 1, 2)]
    assert found.problems[0].message == "The column “Statut” is left out."
    assert "--column ROLE=TITLE" in (found.problems[0].hint or "")


@pytest.mark.parametrize(
    ("content", "columns", "place", "message", "hint"),
    [
        ("Texte,Quand\nUn,2016-03-07 08:30\n", {}, 1,
         "No column is recognised as the date, with or without a time. There are: `Texte`, `Quand`.",
         "--column at=TITLE"),
        ("Accroche,Date\nUn,2016-03-07 08:30\n", {}, 1, "recognised as the text.", "--column text=TITLE"),
        ("Texte,Date\nUn,2016-03-07 08:30\n", {"text": ""}, 1, "recognised as the text.", "--column text="),
        ("Texte,Message,Date\nUn,Deux,2016-03-07 08:30\n", {}, 2,
         "Several columns could be the text: `Texte` `Message`.", "--column text=TITLE"),
        ("Texte,Date,Lien,Lien\nUn,2016-03-07 08:30,,\n", {"link": "Lien"}, 4,
         "Several columns could be the link: `Lien` `Lien`.", "If titles are alike, rename them."),
        ("Texte,Date\nUn,2016-03-07 08:30\n", {"link": "Adresse"}, 1,
         "No column is called “Adresse”. There are: `Texte`, `Date`.", ""),
        ("2016-03-07 08:30,Bonjour\n", {}, 1, "recognised as the text.", "--from hootsuite"),
    ],
)  # fmt: skip
def test_a_missing_or_double_column_is_refused(
    bring: Bring, content: str, columns: dict[str, str], place: int, message: str, hint: str
) -> None:
    """With the titles that there are, and the option that mends it."""
    found = bring(None, content, columns=columns)
    assert told(found) == [("header", 1, place)]
    assert message in found.problems[0].message
    assert hint in (found.problems[0].hint or "")
    assert found.drafts == ()


def test_a_plan_may_have_a_title_above_its_header(bring: Bring) -> None:
    found = bring(None, "Plan de la session,,\n\n,Texte,Date\n,Bonjour,2016-03-07 08:30\n")
    assert told(found) == []
    assert [draft.item.line for draft in found.drafts] == [4]


def test_each_row_says_who_gets_it_and_in_which_language(bring: Bring) -> None:
    """By the name of an account or channel; the same text for another account is another post."""
    content = (
        "Texte,Date,Canal,Langue\n"
        "Bonjour,2016-03-07 08:30,X,FR\n"
        "Bonjour,2016-03-07 08:30,Facebook,fr\n"
        "Hola,2016-03-07 08:30,bice-x / bice-page,es\n"
        "Personne,2016-03-07 08:30,,\n"
    )
    found = bring(None, content, to=(), lang=None)
    assert told(found) == []
    assert [front[1:] for front in fronts(found)] == [
        ["to: [X]"],
        ["to: [Facebook]"],
        ["to: [bice-x, bice-page]"],
        [],
    ]
    assert [draft.file for draft in found.drafts] == [
        "2016-03-07-bonjour.fr.md",
        "2016-03-07-bonjour-2.fr.md",
        "2016-03-07-hola.es.md",
        "2016-03-07-personne.fr.md",
    ]


def test_who_imports_has_the_last_word(bring: Bring) -> None:
    """And is told what does not count then."""
    found = bring(
        None, "Texte,Date,Canal,Langue\nBonjour,2016-03-07 08:30,bice-page,es\n", lang="fr"
    )
    assert told(found) == [("column-left-out", 1, 3), ("column-left-out", 1, 4)]
    assert fronts(found)[0][1] == "to: [bice-x]"
    assert found.drafts[0].file.endswith(".fr.md")


@pytest.mark.parametrize("name", ["Instagram", "x]\nat: now #", 'a"b', "bice-y"])
@pytest.mark.parametrize("split", [True, False])
def test_a_recipient_that_nobody_knows_is_told(bring: Bring, name: str, split: bool) -> None:
    quoted = name.replace('"', '""')
    found = bring(
        None, f'Texte,Date,Canal\nBonjour,2016-03-07 08:30,"{quoted}"\n', to=(), split=split
    )
    assert {*told(found)} == {("unknown-recipient", 2, 1), ("no-recipients", 2, 1)}
    assert found.drafts == ()


def test_a_language_that_is_none_is_told(bring: Bring) -> None:
    found = bring(None, "Texte,Date,Langue\nBonjour,2016-03-07 08:30,français\n", lang=None)
    assert told(found) == [("bad-language", 2, 3)]
