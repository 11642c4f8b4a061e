"""Links of the hash chains: each new step follows the newest one and covers its hash.

Chains about no delivery have a name in the place of an account's: a draft's file, and an account's
answers of readers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, text, update

from publisher.ledger.integrity import hash_chain
from publisher.ledger.tables import account_chains, accounts

_FOLDER, _ENDING = "posts/", ".md"
_NEW_CHAIN = text(
    "INSERT INTO account_chains (account, length, head) VALUES (:account, 0, :origin)"
    " ON CONFLICT (account) DO NOTHING"
)
_OF_NAMES: BindParameter[str] = bindparam("names", expanding=True)
_CHAINS = (
    select(account_chains)
    .where(account_chains.c.account.in_(_OF_NAMES))
    .order_by(account_chains.c.account)
    .with_for_update()
)
_SAID = select(accounts).where(accounts.c.account.in_(_OF_NAMES))
_END_OF_CHAIN = update(account_chains).where(account_chains.c.account == bindparam("of"))


def chained(entry: Mapping[str, Any], seq: int, previous: str) -> dict[str, Any]:
    """The step as number `seq` of its chain, after the one whose hash is `previous`."""
    numbered = {**entry, "seq": seq}
    return {**numbered, "hash": hash_chain.step_hash(numbered, previous)}


def chained_to_accounts(
    connection: Connection, entries: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Steps about different accounts, each as the newest of its chain.

    A step that has a digest already keeps it: it is about a person.
    """
    names = sorted(entry["account"] for entry in entries)
    origins = [{"account": name, "origin": hash_chain.account_origin(name)} for name in names]
    connection.execute(_NEW_CHAIN, origins)
    heads = {row.account: row for row in connection.execute(_CHAINS, {"names": names})}
    rows = connection.execute(_SAID, {"names": names}).mappings()
    said = {row["account"]: dict(row) for row in rows}
    new = [
        chained(
            {
                **entry,
                "digest": entry["digest"]
                or hash_chain.account_digest(said.get(entry["account"], {})),
            },
            heads[entry["account"]].length + 1,
            heads[entry["account"]].head,
        )
        for entry in entries
    ]
    ends = [{"of": end["account"], "length": end["seq"], "head": end["hash"]} for end in new]
    connection.execute(_END_OF_CHAIN, ends)
    return new


def file_of(post: str) -> str:
    """The `account` of the steps about a post's draft."""
    return f"{_FOLDER}{post}{_ENDING}"


def post_of(account: str) -> str:
    """The post of such an `account`."""
    return account.removeprefix(_FOLDER).removesuffix(_ENDING)


def chain_of(account: str, post: str | None) -> str:
    """The chain that steps about a reader's comment are in: its post's draft's."""
    return file_of(post) if post else f"answers/{account}"
