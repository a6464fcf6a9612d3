"""API tokens: 256 random bits, shown once; of each, a digest is kept. So much chance needs no slow hash.

passerby_Nf3...43 letters of URL-safe Base64
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from typing import Final

PREFIX: Final = "passerby_"
"""By which scanners for secrets know one."""
NAME: Final = re.compile(r"[a-z0-9-]{1,40}")
MOST_TOKENS: Final = 100
_FORM: Final = re.compile(r"passerby_[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A token."""
    return PREFIX + secrets.token_urlsafe(32)


def digest_of(secret: str) -> str:
    """What is kept of a token or a session."""
    return hashlib.sha256(secret.encode("utf-8", errors="surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two digests are the same, in a time that does not tell how far they are."""
    return hmac.compare_digest(one.encode("ascii", errors="replace"), other.encode("ascii", errors="replace"))


def token_in(authorization: str) -> str | None:
    """The token in an Authorization header: `Bearer TOKEN`, or the password of `Basic`, for players; None = there is none that could be one."""
    scheme, _, rest = authorization.strip().partition(" ")
    found = rest.strip()
    if scheme.lower() == "basic":
        try:
            found = base64.b64decode(found, validate=True).decode("utf-8").partition(":")[2]
        except (binascii.Error, UnicodeDecodeError, ValueError):
            return None
    elif scheme.lower() != "bearer":
        return None
    return found if _FORM.fullmatch(found) else None
