"""The errors that Passerby raises. Nothing here, and no message of these errors, may hold a pixel, a raw frame or a secret.

PasserbyError
├── UserError                 the user can mend it: one line, exit code 2
│   ├── InputError            a clip, a picture or a folder that cannot be read
│   ├── OutputError           a place that cannot be written
│   ├── SettingsError         an option, a polygon file or a manifest that makes no sense
│   ├── SiteError             a site.toml that cannot be used
│   ├── WeightsError          detector weights that are missing, damaged or not to be had
│   ├── SimulationError       the simulator cannot run: what it needs is not installed
│   ├── RecordingError        recordings that are missing, damaged, or cannot be had as asked
│   ├── ReceiptError          an act that must be written down first and cannot be: it is refused
│   └── AlertError            an alert that is not there, or of which what is asked cannot be done
├── CaptureError              a camera gives no pictures: why, in a word and no more; another attempt may
├── SceneError                a released scene that is damaged or inconsistent: nothing of it is used
└── GateError                 a part of the gate failed: the gate withholds, the caller may go on
    └── DetectorError         the detector raised or gave something that is no detection

A foreign error (PyAV, ONNX Runtime, the operating system) is translated at one boundary each, with `from`.
"""


class PasserbyError(Exception):
    """Root of all errors of Passerby."""


class UserError(PasserbyError):
    """Something that the user can mend. Prints as one line: what, where, expected; the hint says what to do.

    Args:
        message: What is wrong and where, in one line without a final full stop.
        hint: What to do about it, in one line; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InputError(UserError):
    """A clip, a picture or a folder that cannot be read."""


class OutputError(UserError):
    """A place that cannot be written."""


class SettingsError(UserError):
    """An option, a polygon file or a manifest that makes no sense."""


class SiteError(UserError):
    """A site.toml that cannot be used. Tells all of its problems, and no value that could be a secret."""


class WeightsError(UserError):
    """Detector weights that are missing, damaged or not to be had."""


class SimulationError(UserError):
    """The simulator cannot run: what it needs is not installed."""


class RecordingError(UserError):
    """Recordings that are missing, damaged, or cannot be had as asked."""


class ReceiptError(UserError):
    """An act that must be written down first and cannot be: it is refused."""


class AlertError(UserError):
    """An alert that is not there, or of which what is asked cannot be done."""


class CaptureError(PasserbyError):
    """A camera cannot be opened, or gives no more pictures. Says why in a word: a foreign error's text quotes the camera's address.

    Raised outside of `except`, so that it refers to no foreign error either.

    Args:
        reason: One of `released.messages.Reason`.
        transport_refused: The camera talks, but not over this transport.
    """

    def __init__(self, reason: str, *, transport_refused: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.transport_refused = transport_refused


class SceneError(PasserbyError, ValueError):
    """A released scene that is damaged or inconsistent. Nothing of it is used."""


class GateError(PasserbyError):
    """A part of the gate failed. The gate withholds more; it never releases because of it."""


class DetectorError(GateError):
    """The detector raised, or gave something that is no detection."""


def words_of(error: Exception) -> str:
    """What may be said of an error that a thread outlived: our own words; of others the class and what the system says, and never their text."""
    if isinstance(error, PasserbyError):
        return str(error)
    if isinstance(error, OSError) and type(error).__module__ != "ssl":  # what TLS says of a certificate names the server
        return f"{type(error).__name__}: {error.strerror or 'failed'}"
    return f"unexpected {type(error).__name__}"
