"""Groups of commands: how their help lists them, and what is proposed for one that is none."""

from collections.abc import Mapping, Sequence
from typing import Any

import typer.core

from publisher.base.i18n import _, later
from publisher.base.text import did_you_mean, nearest
from publisher.cli import help_texts

_MEANT = (
    (("delete", "remove", "rm", "unpublish", "takedown", "supprimer", "annuler", "effacer", "retirer",
      "borrar", "eliminar", "cancelar", "quitar", "retirar", "usuń", "usun", "anuluj", "skasuj",
      "wycofaj"),
     later("`publisher cancel POST` takes a post off the schedule before it is out, and `publisher "
           "withdraw POST` deletes one that is out.")),
    (("publish", "send", "post", "tweet", "share", "go", "publier", "envoyer", "poster",
      "lancer", "démarrer", "publicar", "enviar", "lanzar", "empezar", "opublikuj", "publikuj",
      "wyślij", "wyslij", "uruchom"),
     later("`publisher queue` puts the drafts on the schedule, and `publisher run` publishes each at "
           "its time.")),
    (("stop", "halt", "block", "kill", "arrêter", "arreter", "stopper", "bloquer", "suspendre", "parar",
      "detener", "bloquear", "suspender", "zatrzymaj", "wstrzymaj", "zablokuj"),
     later("`publisher pause` stops everything at once, and `publisher hold POST` keeps one post "
           "back.")),
    (("continue", "unpause", "unhold", "reprendre", "continuer", "relancer", "reanudar", "continuar",
      "seguir", "wznów", "wznow", "kontynuuj"),
     later(
         "`publisher resume` goes on after a pause, and `publisher release POST` lets a post "
         "go that was held.")),
    (("list", "ls", "show", "posts", "drafts", "lister", "afficher", "montrer", "voir", "listar",
      "mostrar", "ver", "lista", "pokaż", "pokaz"),
     later("`publisher status` shows what comes next, `publisher log` what happened, and `publisher "
           "history POST` one post.")),
    (("schedule", "add", "enqueue", "planifier", "programmer", "ajouter", "programar", "planificar",
      "añadir", "anadir", "agregar", "zaplanuj", "dodaj"),
     later(
         "`publisher queue` puts the drafts on the schedule; `at:` in a draft says when its "
         "post goes out.")),
    (("edit", "open", "change", "update", "write", "modifier", "éditer", "changer", "écrire", "editar",
      "cambiar", "modificar", "escribir", "edytuj", "zmień", "zmien", "napisz"),
     later("Change the draft in an editor: its file is posts/POST.md. Then `publisher queue`.")),
    (("move", "postpone", "reschedule", "déplacer", "reporter", "décaler", "mover", "aplazar",
      "posponer", "przenieś", "przenies", "przesuń", "przesun"),
     later("Change `at:` in the draft, then `publisher queue`. `publisher agenda move ITEM` moves all "
           "posts that hang on an item.")),
    (("validate", "lint", "verify", "test", "vérifier", "verifier", "contrôler", "controler", "tester",
      "verificar", "comprobar", "revisar", "sprawdź", "sprawdz", "zweryfikuj"),
     later("`publisher check` finds what is wrong with the drafts.")),
    (("aide", "ayuda", "pomoc"),
     later("`publisher help` shows all commands, `publisher help COMMAND` one of them.")),
    (("version",), later("It is an option: publisher --version")),
)  # fmt: skip
"""Words that people know from elsewhere, and what does that here."""

_WHOLE = 1000  # characters, more than any first sentence has


class Group(typer.core.TyperGroup):
    """Commands that propose what was meant by a word that is none of them."""

    context_class = help_texts.Context
    sections: Mapping[str, Sequence[str]] | None = None
    """The headings under which the help lists the commands; None: one for all."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """List them with the whole first sentence of each: Typer cuts it at the line's end."""
        width = max(map(len, self.commands))
        for heading, names in (self.sections or {"Commands": [*self.commands]}).items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(n.ljust(width), self.commands[n].get_short_help_str(_WHOLE)) for n in names]
                )

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        try:
            return super().resolve_command(ctx, args)
        except typer.TyperException as error:
            if args and (found := self._meant(args[0], ctx.command_path)):
                error.hint = found  # type: ignore[attr-defined]
            raise

    def _meant(self, word: str, path: str) -> str | None:
        if path == "publisher":
            for words, told in _MEANT:
                if word.lower() in words:
                    return _(told)
        if near := nearest(word, self.commands):
            return did_you_mean(f"{path} {near}")
        if path.rsplit(maxsplit=1)[-1] == "log":
            return _("`publisher history {post}` shows one post.", post=word)
        return None
