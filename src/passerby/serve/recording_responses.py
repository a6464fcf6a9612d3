"""What the addresses of recordings answer with, besides their own models, as FastAPI describes it in its OpenAPI document."""

from typing import Any, Final

from passerby.serve.answers import ErrorAnswer

Responses = dict[int | str, dict[str, Any]]
SENSELESS: Final[Responses] = {400: {"model": ErrorAnswer, "description": "The times make no sense."}}
NOWHERE: Final[Responses] = {404: {"model": ErrorAnswer, "description": "There is no such camera."}}
REFUSED: Final[Responses] = {
    503: {"model": ErrorAnswer, "description": "It could not be written down, so it is refused; or there are too many at once: come again."}
}
IMPOSSIBLE: Final[Responses] = {
    409: {"model": ErrorAnswer, "description": "There is nothing of that time, or it does not fit into one file; or it is being fetched already."}
}
OVER: Final[Responses] = {404: {"model": ErrorAnswer, "description": "There is none of that id, or it is over."}}
NOTHING: Final[Responses] = {404: {"model": ErrorAnswer, "description": "There is no such viewing, or nothing of that time that may be shown."}}
UNREADABLE: Final[Responses] = {503: {"model": ErrorAnswer, "description": "The recordings cannot be read just now."}}
ENDED: Final[Responses] = {204: {"description": "It is over."}, **OVER}
SCENES: Final[Responses] = {
    200: {
        "content": {"application/json": {"schema": {"type": "object"}}},
        "description": "`scenes` in order, as `/api/live` gives them (what is as in the scene before is left out), each with `ground`; `gaps`; and "
        "the time told, `from` and `to`: whoever asked for more goes on there.",
    }
}
GROUND: Final[Responses] = {
    200: {
        "content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}},
        "description": "The plate and the hatch; `x-ground` is its name in the scenes, `x-epoch` the plate's number.",
    }
}
VIDEO: Final[Responses] = {
    200: {
        "content": {"video/mp4": {"schema": {"type": "string", "format": "binary"}}},
        "description": "MP4 in fragments, as it is drawn. An end without the last chunk of the transfer is none.",
    }
}
LINE: Final[Responses] = SENSELESS | NOWHERE
VIEWING: Final[Responses] = SENSELESS | NOWHERE | REFUSED
SEEN: Final[Responses] = SCENES | SENSELESS | OVER | UNREADABLE
BELOW: Final[Responses] = GROUND | SENSELESS | NOTHING | UNREADABLE
EXPORT: Final[Responses] = SENSELESS | NOWHERE | IMPOSSIBLE | REFUSED
FETCHED: Final[Responses] = VIDEO | OVER | IMPOSSIBLE | REFUSED
