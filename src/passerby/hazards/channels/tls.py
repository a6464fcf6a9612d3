"""The client's side of TLS, alike for all channels that we connect ourselves."""

import ssl

from passerby.hazards.channels.delivery import ChannelError
from passerby.site.channel_secrets import Access


def tls_of(access: Access) -> ssl.SSLContext:
    """A context in which servers have to show a certificate for their name.

    Raises:
        ChannelError: The file with the certificate cannot be used.
    """
    try:
        context = ssl.create_default_context(cafile=access.certificate)
    except OSError:  # its words name no file of ours that would help
        context = None
    if context is None:
        raise ChannelError("the file under tls_certificate cannot be read, or holds no certificate")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
