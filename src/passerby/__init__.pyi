# What `passerby` exports; `__init__.py` imports it when it is first asked for.

from passerby.redact.file import redact_file as redact
from passerby.released.scene import Scene as Scene
from passerby.released.scene import Size as Size
from passerby.sealed.gate.gate import Gate as Gate
from passerby.sealed.gate.settings import GateSettings as GateSettings

__all__ = ["Gate", "GateSettings", "Scene", "Size", "redact"]
