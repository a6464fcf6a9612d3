"""Where the system keeps the certificates of public authorities."""

import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

_FILES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem")


def system_authorities() -> str:
    """The file with the certificates that the system trusts; "" = FFmpeg's own idea of it. Some builds of FFmpeg have none."""
    named = ssl.get_default_verify_paths()
    for name in (named.cafile, named.openssl_cafile, *_FILES):
        with suppress(OSError):
            if name and Path(name).stat().st_size:
                return name
    return ""
