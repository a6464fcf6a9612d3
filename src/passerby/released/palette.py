"""The colours of released pictures, as BGR.

The figures' tones go back to the palette of Okabe and Ito ("Color Universal Design", 2008): bluish green, yellow, sky blue and reddish
purple; orange for coarse cells. They are moved so that two things hold. They stay apart for people with protanopia, deuteranopia and
tritanopia (a test simulates all three). And they are bright and saturated, which clothing, skin and the shadows on a street are not: neither
a pixel of a figure nor a pixel of its soft edge passes for a pixel of somebody. Kinds differ in shape, too: no meaning hangs on a colour
alone.
"""

from typing import Final

from passerby.released.scene import GateState, Kind

Bgr = tuple[int, int, int]

KIND_BGR: Final[dict[Kind, Bgr]] = {
    Kind.PERSON: (212, 212, 18),
    Kind.TWO_WHEELER: (36, 214, 250),
    Kind.VEHICLE: (246, 138, 112),
    Kind.ANIMAL: (238, 56, 138),
}
"""Aqua, yellow, periwinkle, violet."""
CELL_BGR: Final[Bgr] = (70, 160, 255)
"""Movement without an explanation: warm."""
HATCH_BGR: Final[Bgr] = (98, 82, 8)
"""The withheld: deep petrol, calm beside the figures' aqua by day and by night. Greys and blue-greys, the obvious choice, are the colours of
trousers and coats: where somebody stands in a withheld block, one pixel of him in sixteen matched them, of petrol one in three hundred."""
HATCH_EDGE_BGR: Final[Bgr] = (122, 106, 30)
SHADOW_BGR: Final[Bgr] = (29, 23, 18)
PILL_BGR: Final[Bgr] = (84, 68, 6)
"""Ground of the caption's pill: the hatch's petrol, darker. An ink one passed for dark hair where somebody stood behind it."""
INK_BGR: Final[Bgr] = (38, 30, 24)
"""Letters on paper."""
PAPER_BGR: Final[Bgr] = (249, 247, 245)
FAINT_BGR: Final[Bgr] = (138, 126, 116)
"""Less important letters on paper."""
TEXT_BGR: Final[Bgr] = (250, 248, 246)
CALM_BGR: Final[Bgr] = (212, 212, 18)
ALERT_BGR: Final[Bgr] = (70, 160, 255)


def state_bgr(state: GateState) -> Bgr:
    """The caption's dot: calm while watching, warm when the gate holds more back than usual."""
    return CALM_BGR if state is GateState.WATCHING else ALERT_BGR
