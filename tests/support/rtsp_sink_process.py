"""A GStreamer RTSP server that takes a stream (ANNOUNCE, RECORD) and writes its H.264 to a file. Run by the system's Python; not imported.

rtsp_sink_process.py PORT USER PASSWORD FILE      prints the port, then "taken" once pictures come; ends with its standard input
"""

import os
import sys
import threading
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # type: ignore[import-not-found] # noqa: E402 - versions are chosen before

PUBLISHER, ANYBODY = "publisher", "anybody"


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    port, user, password, path = sys.argv[1:5]
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
    factory.set_launch(
        f"( rtph264depay name=depay0 ! h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream ! filesink location={path} async=false )"
    )
    for role, construct in ((PUBLISHER, "true"), (ANYBODY, "false")):
        factory.add_role_from_structure(Gst.Structure.new_from_string(f"{role}, media.factory.access=true, media.factory.construct={construct}"))

    def configure(_factory: Any, media: Any) -> None:
        media.connect("prepared", lambda _media: say("taken"))

    factory.connect("media-configure", configure)
    server.get_mount_points().add_factory("/gate", factory)
    if user:
        auth = GstRtspServer.RTSPAuth()
        token, none = GstRtspServer.RTSPToken.new(), GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", PUBLISHER)
        none.set_string("media.factory.role", ANYBODY)
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
        auth.set_default_token(none)
        server.set_auth(auth)
    server.attach(None)
    say(str(server.get_bound_port()))
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    GLib.MainLoop().run()


main()
