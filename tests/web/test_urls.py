"""Each post is found at its address, whatever its file is called."""

import io
import re
from urllib.parse import quote

import pytest
from PIL import Image

from publisher.app import Application
from tests.support.forms import Composer
from tests.support.pages import Visit
from tests.support.uploads import add
from tests.support.workspaces import Workspace

_FRONT = "at: 2016-03-09 08:00\nto: [bice-site]\nauthor: stagiaire"


def seen(visit: Visit) -> str:
    found = re.search(r'name="seen" value="([^"]+)"', visit.page)
    assert found
    return found[1]


@pytest.mark.parametrize("post", ["a#b.fr", "a?b=c", "100%41", "a b", "2016/é & ü;x", "a+b"])
def test_each_change_leads_back_to_the_post(
    app: Application, manager: Visit, workspace: Workspace, post: str
) -> None:
    """Editing, illustrating, queueing, moving, holding; and the feed."""
    workspace.draft(post, _FRONT, "Text.")
    page = f"/posts/{quote(post)}"
    for words in ("New.", "New."):  # the second time there is nothing to save
        assert Composer(manager, f"{page}/edit").write(words).send("keep").is_success
        assert words in manager.text
    manager.get(f"{page}/file")
    text = f"---\n{_FRONT}\n---\nNewer.\n"
    assert manager.send(f"{page}/file", seen=seen(manager), body=text, do="save").is_success
    assert "Newer." in manager.text
    picture = io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(picture, "PNG")
    assert add(manager, "a.png", picture.getvalue(), f"{page}/edit").is_success
    assert "Saved." in manager.text
    manager.get(f"{page}/queue")
    assert manager.send(f"{page}/queue", shown=manager.shown).is_success
    assert "On the schedule: 1 delivery." in manager.text
    manager.get(f"{page}/move")
    moved = manager.send(f"{page}/move", seen=seen(manager), at="2016-03-10T08:00")
    assert moved.is_success
    assert "On the schedule: 1 delivery." in manager.text
    assert manager.send(page, do="hold", reason="why").is_success
    assert "Held: 1 delivery." in manager.text
    with app.database.write() as connection:
        connection.exec_driver_sql(
            "UPDATE deliveries SET state = 'published', published_at = due_at, url = NULL"
        )
    found = re.findall(
        r"<link href=\"http://127.0.0.1:8080(/posts/[^\"]+)", manager.get("/feed.atom").text
    )
    assert page.replace("&", "&amp;") in found


@pytest.mark.parametrize("subpage", ["edit", "move", "queue", "file"])
def test_a_post_that_is_called_as_a_room_is_found(
    manager: Visit, workspace: Workspace, subpage: str
) -> None:
    """Unless the post before it has a draft: then it is the subpage of that one."""
    workspace.draft(f"2016/{subpage}", _FRONT, "A text of its own.")
    page = f"/posts/2016/{subpage}"
    manager.get(page)
    assert "A text of its own." in manager.text
    manager.get(f"{page}/queue")
    manager.send(f"{page}/queue", shown=manager.shown)
    assert "On the schedule: 1 delivery." in manager.text
    manager.send(page, do="hold", reason="why")
    assert "Held: 1 delivery." in manager.text
    workspace.draft("2016", _FRONT, "The other one.")
    assert manager.get(page).is_success
    assert 'href="/posts/2016"' in manager.page
