"""A platform that takes requests and does not answer, while another one is well."""

from tests.surroundings.stage import Stage, until

HANGS_FOR = 18.0  # seconds; a request gives up after 20


def test_posts_for_another_platform_go_out_while_one_hangs(stage_of_its_own: Stage) -> None:
    """However many posts wait for its answers."""
    stage = stage_of_its_own
    with stage.run() as run:
        stage.answer_slowly(createPosts=HANGS_FOR)
        for number in range(20):
            stage.draft(f"x-{number}", 1)
        pages = [f"page-{number}" for number in range(4)]
        for due_in, page in enumerate(pages, start=3):
            stage.draft(page, due_in, to="bice-page")
        stage.queue()
        until(stage.has_published(*pages))
        on_x = {str(d.state) for d in stage.deliveries() if d.account == "bice-x"}
        assert "publishing" in on_x
        assert "published" not in on_x
        stage.answer_slowly()
        until(stage.has_published(*(f"x-{number}" for number in range(20))))
        run.end()
    stage.look_at()
