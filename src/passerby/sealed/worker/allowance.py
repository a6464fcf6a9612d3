"""What a worker needs from outside, from its orders: files to read, devices, TCP ports. Everything else is closed to it.

Read are Python's own folders and the system's libraries, the weights, certificates of authorities, what the C library asks for names and time, the
files that are cameras, and what the kernel tells of this process and the processors. Nothing of it is opened here.
"""

import ipaddress
import os
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from passerby.site.orders import CameraOrder, Configure

PORTS: Final = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""Where a camera listens that names no port."""
NAMES_PORT: Final = 53
"""Long answers of name servers come over TCP."""

LIBRARIES: Final = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/etc/ld.so.cache", "/etc/ld.so.preload")
NAMES: Final = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/protocols",
    "/run/systemd/resolve",
    "/run/resolvconf",
    "/run/NetworkManager/resolv.conf",
)
CERTIFICATES: Final = (
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
    "/etc/pki/tls/certs",
    "/etc/pki/tls/cert.pem",
    "/etc/pki/ca-trust/extracted",
    "/etc/ca-certificates/extracted",
    "/etc/gnutls",
    "/etc/crypto-policies",
    "/usr/share/crypto-policies",
)
KERNEL: Final = (
    "/proc/self",
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/swaps",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
    "/dev/null",
    "/dev/zero",
    "/dev/urandom",
    "/dev/random",
    "/etc/localtime",
    "/usr/share/zoneinfo",
)
GRAPHICS: Final = (
    "/dev/dri",
    "/dev/nvidia0",
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-modeset",
    "/dev/nvidia-caps",
)
GRAPHICS_FACTS: Final = (
    "/sys/class/drm",
    "/sys/dev/char",
    "/sys/devices/pci0000:00",
    "/sys/bus/pci",
    "/proc/driver/nvidia",
    "/etc/OpenCL",
    "/usr/share/drirc.d",
)
ACCELERATED: Final = ("cuda", "openvino")


@dataclass(frozen=True)
class Allowance:
    """What is left open.

    Attributes:
        system: Files and folders (with all in them) that may be read where they are there: Python's, the system's.
        own: The weights and the files that are cameras: may be read, and should be there.
        devices: Devices of graphics cards that may be read and written.
        tcp_ports: Ports that TCP may connect to.
        udp: Whether UDP is needed: for names, or because a camera may send its stream so.
    """

    system: tuple[Path, ...]
    own: tuple[Path, ...] = ()
    devices: tuple[Path, ...] = ()
    tcp_ports: tuple[int, ...] = ()
    udp: bool = True


@dataclass(frozen=True)
class _Host:
    name: str
    port: int
    udp: bool
    """Whether its stream may come over UDP."""


def allowance_of(order: Configure) -> Allowance:
    """The least that these cameras need."""
    graphics = order.device in ACCELERATED or (order.device == "auto" and Path("/dev/nvidiactl").exists())
    graphics = graphics or any(camera.hardware_decode for camera in order.cameras)
    hosts = [host for host in map(_host_of, order.cameras) if host is not None]
    named = any(not _is_number(host.name) for host in hosts)
    ports = {host.port for host in hosts} | ({NAMES_PORT} if named else set())
    system = [*_python_folders(), *map(Path, (*LIBRARIES, *KERNEL))]
    system += _named_in("LD_LIBRARY_PATH")
    system += [*map(Path, (*(NAMES if named else ()), *CERTIFICATES)), *_named_in("SSL_CERT_FILE"), *_named_in("SSL_CERT_DIR")] if hosts else ()
    system += map(Path, GRAPHICS_FACTS if graphics else ())
    return Allowance(
        system=tuple(dict.fromkeys(system)),
        own=tuple(dict.fromkeys([*_weights(order), *_files_of(order.cameras)])),
        devices=tuple(map(Path, GRAPHICS)) if graphics else (),
        tcp_ports=tuple(sorted(ports)),
        udp=named or any(host.udp for host in hosts),
    )


def _files_of(cameras: Iterable[CameraOrder]) -> list[Path]:
    """Files that are cameras, and certificates of cameras."""
    return [path for camera in cameras for path in (file_of(camera), camera.certificate) if path is not None]


def file_of(camera: CameraOrder) -> Path | None:
    """The file that a camera is, or None."""
    if not camera.source.startswith("file:"):
        return None
    path = Path(unquote(urlsplit(camera.source).path))
    return path if path.is_absolute() and not path.is_dir() else None


def _python_folders() -> list[Path]:
    """Where modules and the libraries beside them lie. None of them may be the root of everything."""
    known = sysconfig.get_paths()
    named = [*sys.path, *(known[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")), sysconfig.get_config_var("LIBDIR") or ""]
    folders = [Path(name).resolve() for name in named if name and Path(name).is_absolute()]
    return [folder for folder in dict.fromkeys(folders) if folder != Path(folder.anchor)]


def _named_in(variable: str) -> list[Path]:
    """Absolute paths in a variable of the environment with which the supervisor says where the machine keeps something."""
    paths = [Path(name) for name in os.environ.get(variable, "").split(os.pathsep) if name]
    return [path for path in paths if path.is_absolute() and path != Path(path.anchor)]


def _weights(order: Configure) -> list[Path]:
    return [order.models_folder / "weights", *([order.manifest] if order.manifest else [])]


def _host_of(camera: CameraOrder) -> _Host | None:
    """Where a camera is; None for a file, and for an address that is none: that camera cannot be opened anyway."""
    try:
        address = urlsplit(camera.source)
        if address.scheme not in PORTS:
            return None
        udp = address.scheme.startswith("rtsp") and camera.transport != "tcp"
        return _Host(address.hostname or "", address.port or PORTS[address.scheme], udp)
    except ValueError:
        return None


def _is_number(host: str) -> bool:
    """Whether a host is an address already, so that no name server is asked."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
