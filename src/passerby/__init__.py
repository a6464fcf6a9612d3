"""Video safety for public places that cannot identify anyone.

    passerby.redact("clip.mp4", "redacted.mp4")     a clip becomes a clip without persons
    passerby.Gate(size, settings, detector)         the same for pictures as they come

Names are imported when they are first asked for: `import passerby` alone loads nothing heavy. What a type checker sees stands in `__init__.pyi`.
"""

from importlib import import_module as _import_module
from typing import Any as _Any

__all__ = ["Gate", "GateSettings", "Scene", "Size", "redact"]

_HOMES = {
    "Gate": "passerby.sealed.gate.gate",
    "GateSettings": "passerby.sealed.gate.settings",
    "Scene": "passerby.released.scene",
    "Size": "passerby.released.scene",
}


def __getattr__(name: str) -> _Any:
    """The exported name, imported now."""
    if name == "redact":
        return _import_module("passerby.redact")
    if name not in _HOMES:
        raise AttributeError(f"module 'passerby' has no attribute '{name}'")
    return getattr(_import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
