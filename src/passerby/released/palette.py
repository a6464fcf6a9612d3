"""The colours of released pictures, as BGR.

The glyphs' tones go back to the palette of Okabe and Ito ("Color Universal Design", 2008), moved so that two things hold: they stay apart for people with
protanopia, deuteranopia and tritanopia (a test simulates all three), and they are rare in clothing and skin, so that a pixel of a glyph does not pass
for a pixel of somebody. Kinds differ in shape, too: no meaning hangs on a colour alone.
"""

from typing import Final

from passerby.released.scene import GateState, Kind

Bgr = tuple[int, int, int]

KIND_BGR: Final[dict[Kind, Bgr]] = {
    Kind.PERSON: (206, 192, 8),
    Kind.TWO_WHEELER: (40, 214, 246),
    Kind.VEHICLE: (26, 126, 240),
    Kind.ANIMAL: (206, 92, 196),
}
"""Turquoise, yellow, orange, orchid."""
CELL_BGR: Final[Bgr] = (96, 176, 255)
"""Movement without an explanation: warm."""
HATCH_BGR: Final[Bgr] = (120, 108, 98)
"""The withheld: a blue-grey in the middle of the tones, so that it glares neither by day nor by night."""
HATCH_EDGE_BGR: Final[Bgr] = (140, 128, 118)
SHADOW_BGR: Final[Bgr] = (29, 23, 18)
INK_BGR: Final[Bgr] = (38, 30, 24)
"""Ground of the caption's pill, and of text on paper."""
PAPER_BGR: Final[Bgr] = (249, 247, 245)
FAINT_BGR: Final[Bgr] = (138, 126, 116)
TEXT_BGR: Final[Bgr] = (250, 248, 246)
CALM_BGR: Final[Bgr] = (176, 196, 92)
ALERT_BGR: Final[Bgr] = (64, 176, 250)


def state_bgr(state: GateState) -> Bgr:
    """The caption's dot: calm while watching, warm when the gate holds more back than usual."""
    return CALM_BGR if state is GateState.WATCHING else ALERT_BGR
