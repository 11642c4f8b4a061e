"""Captions of a video on X: a file of their own, which is then associated with the video.

Source: X's OpenAPI description 2.167: an upload of the category `subtitles` and the type
`text/srt`, and `createMediaSubtitles`, which associates it with a video before it is posted. A
language is two letters there. Associating it again replaces it.
"""

import base64

from publisher.base import formats
from publisher.model.content import Captions
from publisher.model.outcomes import Accepted, Answer, Step
from publisher.platforms.twitter.answers import ANSWERS
from publisher.platforms.twitter.chunked_upload import Request, is_taken


def code_of(lang: str) -> str | None:
    """X's code of a language, such as `FR`; None if it has none."""
    language = lang.partition("-")[0]
    return language.upper() if len(language) == 2 else None


def bring(request: Request, video_id: str, captions: Captions, code: str) -> Answer | None:
    """Upload the captions of an uploaded video; None, or the answer that stopped that."""
    data = captions.subrip
    begun = request(
        "POST",
        "/2/media/upload/initialize",
        {"media_category": "subtitles", "media_type": "text/srt", "total_bytes": len(data)},
    )
    outcome = ANSWERS.judge(begun, Step.PREPARE)
    if not isinstance(outcome, Accepted):
        return begun
    file_id = outcome.remote_id
    piece = {"media": base64.b64encode(data).decode(), "segment_index": 0}
    track = {
        "id": file_id,
        "language_code": code,
        "display_name": formats.own_name(captions.lang) or captions.lang,
    }
    for route, wish in (
        (f"upload/{file_id}/append", piece),
        (f"upload/{file_id}/finalize", None),
        ("subtitles", {"id": video_id, "media_category": "TweetVideo", "subtitles": track}),
    ):
        answer = request("POST", f"/2/media/{route}", wish)
        if not is_taken(answer) and answer.status != 204:
            return answer
    return None
