"""A GStreamer RTSP server to be run by the system's Python, which has GStreamer's bindings. Not imported: `tests.support.rtsp_server` starts it.

Reads commands, one JSON object a line, on standard input, and answers each with one line on standard output. Its end is the end of the input.

    {"do": "mount", "path": "/a", "packets": "FILE", "codec": "h264", "fps": 10, "udp_only": false, "protected": false}
    {"do": "listen", "port": 0}           -> {"port": 40123}
    {"do": "silence", "port": 40123}      nobody listens any more, everybody is thrown out
    {"do": "kick"}                        everybody is thrown out
    {"do": "stall", "path": "/a"}         connections stay open, no picture comes any more
    {"do": "resume", "path": "/a"}
    {"do": "switch", "path": "/a", "packets": "FILE"}   other pictures, of another size perhaps, from now on
    {"do": "allow", "user": "u", "password": "p"}       digest authentication from now on (before `listen`)

A packets file holds access units (H.264, H.265 as byte stream; JPEG), each after its length in four bytes. They are sent for ever, in a loop, at
`fps` by the machine's clock. One pipeline serves all clients of a path, as a camera does.
"""

import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstApp", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer  # type: ignore[import-not-found] # noqa: E402 - versions are chosen before

assert GstApp is not None  # gives appsrc its methods

CAPS = {
    "h264": "video/x-h264,stream-format=byte-stream,alignment=au",
    "hevc": "video/x-h265,stream-format=byte-stream,alignment=au",
    "mjpeg": "image/jpeg",
}
PAY = {
    "h264": "h264parse ! rtph264pay name=pay0 pt=96",
    "hevc": "h265parse ! rtph265pay name=pay0 pt=96",
    "mjpeg": "jpegparse ! rtpjpegpay name=pay0 pt=26",
}
VIEWER = "viewer"
ANYBODY = "anybody"
THROW_OUT = GstRtspServer.RTSPFilterResult.REMOVE


def packets_of(path: str) -> list[bytes]:
    """The access units of a packets file."""
    data, units, at = Path(path).read_bytes(), [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        units.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    return units


class Channel:
    """What one path shows. Its pushers run for as long as somebody watches."""

    def __init__(self, packets: str, fps: float) -> None:
        self.units = packets_of(packets)
        self.step_s = 1 / fps
        self.stalled = False

    def feed(self, _factory: Any, media: Any) -> None:
        """A new pipeline wants pictures."""
        source = media.get_element().get_child_by_name("source")
        gone = threading.Event()
        media.connect("unprepared", lambda _media: gone.set())
        threading.Thread(target=self._push, args=(source, gone), daemon=True).start()

    def _push(self, source: Any, gone: threading.Event) -> None:
        units, number = self.units, 0
        due_s = time.monotonic()
        while not gone.is_set():
            if units is not self.units:
                units, number = self.units, 0
            if not self.stalled and source.emit("push-buffer", Gst.Buffer.new_wrapped(units[number % len(units)])) != Gst.FlowReturn.OK:
                return
            number += 1
            due_s += self.step_s
            gone.wait(max(0.0, due_s - time.monotonic()))


class Server:
    """The commands."""

    def __init__(self) -> None:
        self.server = GstRtspServer.RTSPServer()
        self.server.set_address("127.0.0.1")
        self.mounts = self.server.get_mount_points()
        self.channels: dict[str, Channel] = {}
        self.attached = 0

    def mount(self, order: dict[str, Any]) -> None:
        channel = self.channels[order["path"]] = Channel(order["packets"], order["fps"])
        factory = GstRtspServer.RTSPMediaFactory()
        codec = order["codec"]
        factory.set_launch(f"( appsrc name=source is-live=true do-timestamp=true format=time caps={CAPS[codec]} ! {PAY[codec]} )")
        factory.set_shared(True)
        if order["udp_only"]:
            factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        for role, construct in ((VIEWER, "true"), (ANYBODY, "false" if order["protected"] else "true")):
            factory.add_role_from_structure(Gst.Structure.new_from_string(f"{role}, media.factory.access=true, media.factory.construct={construct}"))
        factory.connect("media-configure", channel.feed)
        self.mounts.add_factory(order["path"], factory)

    def allow(self, order: dict[str, Any]) -> None:
        auth = GstRtspServer.RTSPAuth()
        token, none = GstRtspServer.RTSPToken.new(), GstRtspServer.RTSPToken.new()
        token.set_string("media.factory.role", VIEWER)
        none.set_string("media.factory.role", ANYBODY)
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(order["user"], order["password"], token)
        auth.set_default_token(none)
        self.server.set_auth(auth)

    def listen(self, order: dict[str, Any]) -> dict[str, Any]:
        self.server.set_service(str(order["port"]))
        self.attached = self.server.attach(None)
        return {"port": self.server.get_bound_port() if self.attached else None}

    def silence(self, order: dict[str, Any]) -> None:
        if self.attached:
            GLib.source_remove(self.attached)
            self.attached = 0
        self.kick(order)

    def kick(self, _order: dict[str, Any]) -> None:
        self.server.client_filter(lambda _server, client: (client.close(), THROW_OUT)[1])
        self.server.get_session_pool().filter(lambda _pool, _session: THROW_OUT)

    def stall(self, order: dict[str, Any]) -> None:
        self.channels[order["path"]].stalled = True

    def resume(self, order: dict[str, Any]) -> None:
        self.channels[order["path"]].stalled = False

    def switch(self, order: dict[str, Any]) -> None:
        self.channels[order["path"]].units = packets_of(order["packets"])

    def obey(self, line: str) -> bool:
        order = json.loads(line)
        sys.stdout.write(json.dumps(getattr(self, order["do"])(order) or {}) + "\n")
        sys.stdout.flush()
        return False


def main() -> None:
    Gst.init(None)
    loop = GLib.MainLoop()
    server = Server()

    def read() -> None:
        for line in sys.stdin:
            GLib.idle_add(server.obey, line)
        GLib.idle_add(loop.quit)

    threading.Thread(target=read, daemon=True).start()
    loop.run()


main()
