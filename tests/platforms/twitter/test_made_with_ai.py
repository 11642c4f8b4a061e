"""What was made with AI is marked on X, is part of what is approved, and is said elsewhere."""

from pathlib import Path

from PIL import Image

from publisher.channels.registry import ChannelOptions
from publisher.drafts.check import check
from publisher.model.accounts import Account
from publisher.model.content import Content, Part
from publisher.model.outcomes import Accepted
from publisher.sandbox.accounts import SandboxAccount
from publisher.sandbox.server import Sandbox
from publisher.settings import settings
from tests.channels.conftest import Stage
from tests.support.workspaces import Workspace

SETTINGS = """\
[accounts.bice-x]
channel = "x"

[accounts.bice-page]
channel = "facebook"
page_id = "1002"
"""


def test_x_is_told_with_the_picture_alone(
    options: ChannelOptions, sandbox: Sandbox, sandbox_accounts: dict[str, SandboxAccount]
) -> None:
    keys = dict(sandbox_accounts["bice-x"].credentials)
    stage = Stage("twitter", Account(name="bice-x", channel="twitter"), keys, options, sandbox)
    parcel = stage.parcel("Un", "Deux", pictures=(stage.picture("Une salle"),))
    marked = parcel.content.model_copy(update={"made_with_ai": True})
    outcomes = stage.deliver(parcel.model_copy(update={"content": marked}))
    assert all(isinstance(outcome, Accepted) for outcome in outcomes)
    assert [post.get("made_with_ai") for post in sandbox.state()["posts"]] == [True, None]


def test_an_approval_covers_it_and_earlier_contents_keep_their_digests() -> None:
    plain = Content(parts=(Part(text="Bonjour"),))
    marked = plain.model_copy(update={"made_with_ai": True})
    assert plain.digest != marked.digest
    assert "made_with_ai" not in plain.model_dump_json()
    assert Content.model_validate_json(marked.model_dump_json()) == marked


def test_check_says_which_channels_cannot_show_it(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path, settings=SETTINGS)
    (tmp_path / "posts" / "media").mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "posts" / "media" / "a.png")
    media = "media:\n  - file: /media/a.png\n    alt: Une salle\n    people: false"
    workspace.draft("a", f"to: [bice-x, bice-page]\nmade_with_ai: true\n{media}", "Bonjour")
    workspace.draft("b", "to: bice-x\nmade_with_ai: true", "Bonsoir")
    told = "made_with_ai: true\nignore: ai-not-disclosed"
    workspace.draft("c", f"to: [bice-x, bice-page]\n{told}\n{media}", "Fait avec l’IA.")
    found = check(settings.load(tmp_path, {}))[1]
    said = [(one.file, one.line, one.message) for one in found if one.code == "ai-not-disclosed"]
    assert [(Path(file).name, line) for file, line, _ in said] == [("a.md", 3), ("b.md", 3)]
    assert "Facebook" in said[0][2]
