"""Faults that Mastodon alone plays."""

from publisher.sandbox.fault_kinds import Effect, FaultKind


class MastodonFault(FaultKind):
    """The kinds by name."""

    KEYS_IGNORED = (
        "keys-ignored",
        "a status is posted whatever its idempotency key, as by servers of another make",
        Effect.CHANGES,
    )
    KEY_RACE = (
        "key-race",
        (
            "the idempotency key is kept `seconds` (0.2) after the status is posted, as before "
            "Mastodon 4.6"
        ),
        Effect.CHANGES,
    )
    REPEAT_FAILS = (
        "repeat-fails",
        (
            "a repeat with its idempotency key answers with status 500, as in Mastodon 4.6 before "
            "September 2026"
        ),
        Effect.CHANGES,
    )
