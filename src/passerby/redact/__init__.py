"""The file command: footage of a fixed camera in, footage in which nobody can be recognised out. A sealed process of its own.

The package can be called: `passerby.redact("clip.mp4")` is `passerby.redact.file.redact_file("clip.mp4")`. Rooms are fixed and so is the name
that users call, and importing any module of a package puts the package itself under that name; so it has to be both.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from passerby.redact.run import Outcome


class _CallableRoom(ModuleType):
    """This package, with a call."""

    def __call__(self, *args: Any, **kwargs: Any) -> "Outcome":
        """See `passerby.redact.file.redact_file`."""
        from passerby.redact.file import redact_file  # noqa: PLC0415 - importing any module of this room must stay light

        return redact_file(*args, **kwargs)

    @property
    def __signature__(self) -> Any:
        """What `inspect.signature` and `help` tell."""
        from inspect import signature  # noqa: PLC0415 - as above

        from passerby.redact.file import redact_file  # noqa: PLC0415 - as above

        return signature(redact_file)


sys.modules[__name__].__class__ = _CallableRoom
