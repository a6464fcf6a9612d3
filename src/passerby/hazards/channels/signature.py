"""The signature of a webhook's requests: HMAC-SHA256 over time and body. The same functions sign and verify.

    Passerby-Signature: t=1764000000,v1=5257a869e7...

`v1` is the HMAC, in hexadecimal digits, of the bytes `1764000000.` and the body, with the secret in UTF-8 as its key. Whoever takes a request
compares in constant time, and refuses times that are more than five minutes from now: a request that was overheard is worth nothing later.
"""

import hashlib
import hmac
import re
from typing import Final

HEADER: Final = "Passerby-Signature"
TOLERANCE_S: Final = 300.0
_HEADER: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})")


def signature_of(secret: str, body: bytes, wall_s: float) -> str:
    """The header's value for a body that is sent now."""
    at = int(wall_s)
    return f"t={at},v1={_hmac(secret, body, at)}"


def verifies(secret: str, body: bytes, header: str, wall_s: float, tolerance_s: float = TOLERANCE_S) -> bool:
    """Whether a request was signed with the secret, and lately."""
    match = _HEADER.fullmatch(header)
    if match is None:
        return False
    at = int(match[1])
    return abs(wall_s - at) <= tolerance_s and hmac.compare_digest(_hmac(secret, body, at), match[2])


def _hmac(secret: str, body: bytes, at: int) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
