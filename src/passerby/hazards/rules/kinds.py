"""From the kind of a rule, as the site file names it, to what reads it."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from passerby.hazards.place import Place
from passerby.hazards.rules.camera import CameraRule
from passerby.hazards.rules.counter_flow import CounterFlowRule
from passerby.hazards.rules.density import DensityRule
from passerby.hazards.rules.forbidden import ForbiddenRule
from passerby.hazards.rules.left_object import LeftObjectRule
from passerby.hazards.rules.occupancy import OccupancyRule
from passerby.hazards.rules.queue import QueueRule
from passerby.hazards.rules.rule import Rule
from passerby.hazards.rules.static import StaticRule
from passerby.hazards.rules.surge import SurgeRule
from passerby.site.hazards import Hazard

RULES: Final[Mapping[str, Callable[[Hazard, Place], Rule]]] = MappingProxyType(
    {
        "density": DensityRule,
        "occupancy": OccupancyRule,
        "counter-flow": CounterFlowRule,
        "surge": SurgeRule,
        "forbidden": ForbiddenRule,
        "static": StaticRule,
        "left-object": LeftObjectRule,
        "queue": QueueRule,
        "camera": CameraRule,
    }
)


def rule_of(hazard: Hazard, place: Place) -> Rule:
    """What reads a rule at a place, knowing nothing as yet."""
    return RULES[hazard.kind](hazard, place)
