"""What is said of a listener that fails: what the system says, and nothing that names a server."""

import errno
import os
import ssl
from collections.abc import Sequence

import pytest

from passerby.clock import SimulatedClock
from passerby.errors import OutputError
from passerby.hazards.alert import Event
from passerby.supervise.telling import Telling
from tests.support.told import opened

NOT_FOR = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate is not valid for 'ops.example.org'. (_ssl.c:992)"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ssl.SSLCertVerificationError(1, NOT_FOR), "unexpected SSLCertVerificationError"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/somewhere"), "OSError: No space left on device"),
        (OutputError("it cannot be kept"), "it cannot be kept"),
        (ValueError("https://user:hunter2@ops.example.org"), "unexpected ValueError"),
    ],
)
def test_of_what_fails_no_server_no_path_and_no_foreign_text_is_said(error: Exception, words: str) -> None:
    def listen(_: Sequence[Event]) -> None:
        raise error

    telling = Telling(listen, SimulatedClock())
    telling.tell([opened()])
    assert (telling.failing, telling.waiting) == (words, 1)
