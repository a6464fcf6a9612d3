import av
import pytest

from passerby.sealed.capture import hardware as module
from passerby.sealed.capture.hardware import find_hardware


class Device:
    """Stands for `av.codec.hwaccel.HWAccel`."""

    def __init__(self, kind: str, *, allow_software_fallback: bool) -> None:
        self.kind = kind
        assert allow_software_fallback

    def create(self, codec: av.Codec) -> "Device":
        assert codec.name == "h264"
        if self.kind == "absent":
            raise av.error.OSError(19, "no such device")
        if self.kind == "unable":
            raise NotImplementedError
        return self


def test_the_first_device_that_opens_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HWAccel", Device)
    monkeypatch.setattr(module, "hwdevices_available", lambda: ["absent", "unable", "good", "better"])
    found: object = find_hardware()
    assert isinstance(found, Device)
    assert found.kind == "good"


def test_without_a_device_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HWAccel", Device)
    monkeypatch.setattr(module, "hwdevices_available", lambda: ["absent", "unable"])
    assert find_hardware() is None
