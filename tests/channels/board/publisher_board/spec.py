"""The board, as Publisher knows it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from publisher.channels.spec import ChannelOptions, ChannelSpec, Credential, Option
from publisher.model.accounts import Account
from publisher.model.capabilities import Capabilities

if TYPE_CHECKING:
    from publisher.channels.base import Channel

BOARD = Capabilities(
    max_length=120,
    counting="characters",
    threads=False,
    link="appended",
    max_pictures=1,
    picture_types=frozenset({"image/png"}),
    picture_max_bytes=100_000,
    alt_text_max=200,
    may_be_empty_with_picture=False,
    replaces_itself=True,
)


def _open(account: Account, credentials: Mapping[str, str], options: ChannelOptions) -> "Channel":
    from publisher_board.channel import Board  # noqa: PLC0415

    board: Channel = Board(account, credentials["board_key"], options.folder / SPEC.name)
    return board


SPEC = ChannelSpec(
    name="board",
    aliases=("pinboard",),
    nicknames=("noticeboard",),
    title="Notice board",
    contract=1,
    capabilities=BOARD,
    open=_open,
    options=(
        Option("wall", r"^[a-z]+$", "Where it hangs.", required="an account of board needs wall"),
    ),
    credentials=(
        Credential("board_key"),
        Credential("board_server", required=False, is_address=True),
    ),
    post_id=r"[a-z0-9-]+",
    post_id_hint="Give the name on the note.",
    hashtags=1,
)
