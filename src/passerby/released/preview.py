"""The picture that a user looks at before a long run: the plate as it was learned, and what of it is withheld."""

import msgspec

from passerby.released.caption import Caption, CaptionText, withheld_words
from passerby.released.rect import Rect
from passerby.released.render import Picture, render_once
from passerby.released.scene import Scene
from passerby.released.sprite import blend


def preview_picture(scene: Scene) -> Picture:
    """The place of a scene that brings its whole plate, without anything that moves: height x width x 3 BGR uint8."""
    picture = render_once(msgspec.structs.replace(scene, glyphs=(), cells=()), caption=False)
    text = CaptionText("the place as learned", withheld_words(scene.health.withheld_share), scene.health.state)
    sprite = Caption(scene.size).sprite(text)
    if sprite is not None:
        blend(picture, sprite, 0, 0, Rect.whole(scene.size))
    return picture
