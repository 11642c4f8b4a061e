"""Passkeys: what a browser is asked to make or sign, and whether its answer is right (WebAuthn)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from publisher.auth.second_factors import Passkey
from publisher.base.errors import UsageError
from publisher.base.i18n import _
from publisher.ledger.manager.rights import Person

_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """The pages, as authenticators know them."""

    id: str
    """The host's name, to which each passkey is bound."""
    name: str
    origins: tuple[str, ...]
    """The addresses under which a browser may show the pages."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a browser passes on to an authenticator."""

    options: str
    """JSON, as WebAuthn's `parseCreationOptionsFromJSON` and its sibling take it."""
    challenge: str
    """In base64url."""


def creation(pages: RelyingParty, person: Person, existing: Sequence[Passkey]) -> Question:
    """Ask for a new passkey of a person who has these already."""
    import webauthn  # noqa: PLC0415 - it is slow to import, and few need it
    from webauthn.helpers import structs  # noqa: PLC0415

    made = webauthn.generate_registration_options(
        rp_id=pages.id,
        rp_name=pages.name,
        user_id=str(person.id).encode(),
        user_name=person.name,
        exclude_credentials=_descriptors(existing),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.PREFERRED,
        ),
    )
    return _question(made)


def request(pages: RelyingParty, allowed: Sequence[Passkey]) -> Question:
    """Ask for a signature of one of these; of none of them: of any, which says whose it is.

    Then the authenticator must verify the person, since no password was asked for.
    """
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import structs  # noqa: PLC0415

    wanted = structs.UserVerificationRequirement
    made = webauthn.generate_authentication_options(
        rp_id=pages.id,
        allow_credentials=_descriptors(allowed),
        user_verification=wanted.PREFERRED if allowed else wanted.REQUIRED,
    )
    return _question(made)


def created(pages: RelyingParty, answer: str, challenge: str, name: str) -> tuple[Passkey, int]:
    """The new passkey, and its counter. Raises UsageError for an answer that is not right."""
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import base64url_to_bytes, bytes_to_base64url  # noqa: PLC0415

    name = "".join(filter(str.isprintable, name)).strip()[:_LONGEST_NAME] or _("A passkey")
    try:
        found = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=pages.id,
            expected_origin=list(pages.origins),
            require_user_verification=False,
        )
    except _wrong() as error:
        raise UsageError(
            _("The passkey could not be set up."), hint=_("Go back and try again.")
        ) from error
    made = Passkey(
        id=bytes_to_base64url(found.credential_id),
        key=bytes_to_base64url(found.credential_public_key),
        name=name,
    )
    return made, found.sign_count


def counter_of(
    pages: RelyingParty,
    answer: str,
    challenge: str,
    passkey: Passkey,
    counter: int,
    *,
    must_verify: bool,
) -> int | None:
    """The new counter of a passkey that signed the challenge; None if it did not.

    `must_verify`: whether the authenticator must have verified the person, by a finger or a PIN.
    """
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import base64url_to_bytes  # noqa: PLC0415

    try:
        found = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=pages.id,
            expected_origin=list(pages.origins),
            credential_public_key=base64url_to_bytes(passkey.key),
            credential_current_sign_count=counter,
            require_user_verification=must_verify,
        )
    except _wrong():
        return None
    return found.new_sign_count


def id_in(answer: str) -> str:
    """The id of the passkey that an answer names; empty for anything else."""
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    told = found.get("id") if isinstance(found, dict) else None
    return told if isinstance(told, str) else ""


def _descriptors(passkeys: Sequence[Passkey]) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes, structs  # noqa: PLC0415

    return [
        structs.PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.id)) for one in passkeys
    ]


def _question(options: Any) -> Question:
    import webauthn  # noqa: PLC0415
    from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415

    return Question(webauthn.options_to_json(options), bytes_to_base64url(options.challenge))


def _wrong() -> tuple[type[Exception], ...]:
    """All that the library raises for an answer that somebody made up."""
    from webauthn.helpers.exceptions import WebAuthnException  # noqa: PLC0415

    return (
        WebAuthnException, ValueError, TypeError, AttributeError, LookupError, ArithmeticError,
        RecursionError,
    )  # fmt: skip
