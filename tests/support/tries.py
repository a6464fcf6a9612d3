"""A process that closes itself in as a worker does, or does not, and then tries what a worker must not be able to do.

    python -I tries.py < wishes.json > answers.json

Started by path and isolated, so that its allowance is a worker's. What each attempt came to is told in a word: "ok", the name of the system's
error, or the class of the exception. The same attempts without closing in show that they would succeed.
"""

import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from passerby.sealed.worker import bpf, kernel, limits, protections
from passerby.sealed.worker.name_files import NameFiles
from passerby.sealed.worker.system_calls import number_of
from passerby.site.orders import CameraOrder, Configure

MSG_FASTOPEN: Final = 0x20000000
IPPROTO_MPTCP: Final = 262
CLONE_NEWUSER: Final = 0x10000000
PTRACE_ATTACH: Final = 16
PTRACE_DETACH: Final = 17
IPC_PRIVATE: Final = 0
LANDLOCK: Final = {"create": 444, "add": 445, "restrict": 446}

Attempt = Callable[..., object]


def call(name: str, *arguments: kernel.Argument) -> int:
    """A system call by its name."""
    number = number_of(name, kernel.machine())
    assert number is not None, name
    return kernel.syscall(number, *arguments)


def text(value: str) -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(os.fsencode(value))


# Files


def write_new(folder: str) -> None:
    with Path(folder, "new").open("wb") as file:
        file.write(b"x")


def append(file: str) -> None:
    with Path(file).open("ab") as opened:
        opened.write(b"x")


def update(file: str) -> None:
    os.close(os.open(file, os.O_RDWR))


def empty(file: str) -> None:
    os.truncate(file, 0)


def read(file: str) -> None:
    Path(file).read_bytes()


def list_folder(folder: str) -> None:
    os.listdir(folder)  # noqa: PTH208


def make_folder(folder: str) -> None:
    Path(folder, "made").mkdir()


def make_pipe(folder: str) -> None:
    os.mkfifo(Path(folder, "pipe"))


def remove(file: str) -> None:
    Path(file).unlink()


def rename(file: str) -> None:
    Path(file).rename(file + ".renamed")


def link(file: str) -> None:
    os.link(file, file + ".linked")


def symlink(file: str) -> None:
    Path(file + ".symlinked").symlink_to(file)


def change_mode(file: str) -> None:
    Path(file).chmod(0o600)


def change_times(file: str) -> None:
    os.utime(file)


def attribute(file: str) -> None:
    os.setxattr(file, "user.passerby", b"x")


def notice_replaced(file: str) -> None:
    """Says that it is ready, and waits until another file has taken the place of this one."""
    names = NameFiles([file, file + ".none", "/etc/shadow"])
    assert not names.were_replaced()
    print("ready", flush=True)  # noqa: T201 - read by the test
    until_s = time.monotonic() + 60
    while not names.were_replaced():
        if time.monotonic() > until_s:
            raise TimeoutError
        time.sleep(0.01)


def unnamed_file(folder: str) -> None:
    os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR))


def openat2(file: str) -> None:
    class How(ctypes.Structure):
        _fields_ = (("flags", ctypes.c_uint64), ("mode", ctypes.c_uint64), ("resolve", ctypes.c_uint64))

    os.close(call("openat2", -100, text(file), How(os.O_RDWR, 0, 0), ctypes.sizeof(How)))


def grow(number: str) -> None:
    os.write(int(number), b"x")


# Network


def connect(port: str) -> None:
    with socket.create_connection(("127.0.0.1", int(port)), 5):
        pass


def connect_ipv6(port: str) -> None:
    with socket.create_connection(("::1", int(port)), 5):
        pass


def fast_open(port: str) -> None:
    """A connection that is begun by sending."""
    with socket.socket() as opened:
        opened.sendto(b"x", MSG_FASTOPEN, ("127.0.0.1", int(port)))


def fast_open_in_a_message(port: str) -> None:
    with socket.socket() as opened:
        opened.sendmsg([b"x"], [], MSG_FASTOPEN, ("127.0.0.1", int(port)))


def multipath(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP) as opened:
        opened.connect(("127.0.0.1", int(port)))


def listen() -> None:
    with socket.socket() as opened:
        opened.listen()


def bind() -> None:
    with socket.socket() as opened:
        opened.bind(("127.0.0.1", 0))


def datagram(port: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.sendto(b"x", ("127.0.0.1", int(port)))


def unix_socket(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.connect(path)


def abstract_socket(name: str) -> None:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.connect("\0" + name)


def packet_socket() -> None:
    socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close()


def look_up(host: str) -> None:
    socket.getaddrinfo(host, 80)


# What a worker is for


def detect(models_folder: str, picture: str) -> None:
    """Finds somebody in a picture (an .npy file) with the real detector, as a worker does."""
    import numpy as np  # noqa: PLC0415 - after closing in, as in a worker

    from passerby.sealed.worker.cameras_at_work import loaded_detector  # noqa: PLC0415

    found = loaded_detector(Configure(cameras=(), models_folder=Path(models_folder), device="cpu")).detect(np.load(picture))
    assert len(found) > 2, "nobody is found"


def watch(address: str, *options: str) -> None:
    """Decodes some pictures of a video, and works on them."""
    import av  # noqa: PLC0415
    import cv2  # noqa: PLC0415

    with av.open(address, options=dict(option.split("=") for option in options), timeout=(10.0, 10.0)) as container:
        for number, frame in enumerate(container.decode(video=0)):
            assert cv2.GaussianBlur(frame.to_ndarray(format="bgr24"), (5, 5), 0).any()
            if number == 5:
                return
    raise EOFError


def trust() -> None:
    """Loads the system's certificates of authorities."""
    import ssl  # noqa: PLC0415

    assert ssl.create_default_context().cert_store_stats()["x509_ca"] > 0


# Programs and processes


def start_program() -> None:
    subprocess.run(["/bin/true"], check=True)


def become_program() -> None:
    os.execv("/bin/true", ["true"])  # noqa: S606


def fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def trace(pid: str) -> None:
    call("ptrace", PTRACE_ATTACH, int(pid), 0, 0)
    os.waitpid(int(pid), 0)
    call("ptrace", PTRACE_DETACH, int(pid), 0, 0)


def read_memory(pid: str) -> None:
    with Path("/proc", pid, "mem").open("rb"):
        pass


def read_environment(pid: str) -> None:
    Path("/proc", pid, "environ").read_bytes()


def send_signal(pid: str) -> None:
    os.kill(int(pid), 0)


def signal_itself() -> None:
    os.kill(os.getpid(), 0)
    previous = signal.signal(signal.SIGUSR1, lambda *_: None)
    signal.raise_signal(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, previous)


def start_thread() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.set)
    thread.start()
    thread.join()
    assert done.is_set()


def new_user() -> None:
    call("unshare", CLONE_NEWUSER)


# Memory


def shared_memory() -> None:
    os.close(os.memfd_create("passerby"))


def shared_segment() -> None:
    segment = call("shmget", IPC_PRIVATE, 4096, 0o600)
    call("shmctl", segment, 0, None)


def become_dumpable() -> None:
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def raise_core_limit() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20))


def unlock_memory() -> None:
    call("munlockall")


def live_on_without_parent() -> None:
    kernel.prctl(kernel.PR_SET_PDEATHSIG, 0)


def ring() -> None:
    os.close(call("io_uring_setup", 1, ctypes.create_string_buffer(256)))


def newest_call() -> None:
    """A system call that no kernel has yet: a filter that knows it not says so as well."""
    kernel.syscall(1000)


def allocate(size_bytes: str) -> None:
    with mmap.mmap(-1, int(size_bytes), mmap.MAP_PRIVATE) as taken:
        taken[0] = 1


def tried(attempt: Attempt, arguments: list[str]) -> str:
    """What it came to."""
    try:
        attempt(*arguments)
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, type(error).__name__)
    except Exception as error:  # noqa: BLE001 - told
        return type(error).__name__
    return "ok"


def wishes_to_order(wishes: dict[str, Any]) -> Configure:
    """The order for this process."""
    cameras = tuple(CameraOrder(camera=f"c{number}", **camera) for number, camera in enumerate(wishes.get("cameras", [])))
    return Configure(
        cameras=cameras,
        models_folder=Path(wishes.get("models_folder", "/nonexistent")),
        memory_limit_bytes=wishes.get("memory_limit_bytes", 0),
        device=wishes.get("device", "cpu"),
    )


def become_user(number: int) -> None:
    """An ordinary user, whose processes may look at one another as they do elsewhere."""
    # Python's own files may be closed to that user: what will be asked for is loaded now.
    sysconfig.get_config_vars()
    os.setgroups([])
    os.setresgid(number, number, number)
    os.setresuid(number, number, number)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def allow_core_dumps() -> None:
    """As many as the hard limit allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))


def limit_locked_memory() -> None:
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))


def without(*names: str, error: int = errno.ENOSYS) -> None:
    """As if the kernel had these system calls not, or a container forbade them."""
    refused = [*bpf.load(bpf.NUMBER_AT)]
    for name in names:
        number = LANDLOCK.get(name) or number_of(name, kernel.machine())
        assert number is not None
        refused += bpf.if_equal(number, bpf.refuse(error))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    data = bpf.packed([*refused, *bpf.give(bpf.ALLOW)])
    buffer = ctypes.create_string_buffer(data, len(data))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_void_p))

    program = Program(len(data) // 8, ctypes.addressof(buffer))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.addressof(program))


STEPS: Final[dict[str, Callable[[], None]]] = {
    "allow_core_dumps": allow_core_dumps,
    "limit_locked_memory": limit_locked_memory,
    "without_landlock": lambda: without(*LANDLOCK),
    "landlock_switched_off": lambda: without(*LANDLOCK, error=errno.EOPNOTSUPP),
    "landlock_forbidden": lambda: without(*LANDLOCK, error=errno.EPERM),
    "without_seccomp": lambda: without("seccomp", error=errno.EPERM),
    "forbid_core_dumps": limits.forbid_core_dumps,
    "become_undumpable": limits.become_undumpable,
}
"""What may be done before a process closes itself in, or instead."""


def main() -> None:
    wishes = json.loads(sys.stdin.readline())
    if wishes.get("user") is not None:
        become_user(wishes["user"])
    if wishes.get("threads"):
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    for step in wishes.get("steps", []):
        STEPS[step]()
    reports = protections.close_in(wishes_to_order(wishes)) if wishes["closed"] else ()
    results = {name: tried(globals()[name.partition(" ")[0]], arguments) for name, arguments in wishes.get("tries", {}).items()}
    told = {
        "protections": {report.name: [report.held, report.word] for report in reports},
        "results": results,
        "capabilities": kernel.status_field("CapEff"),
        "locked": kernel.status_field("VmLck"),
    }
    print(json.dumps(told), flush=True)  # noqa: T201 - read by the test
    if wishes.get("stay"):
        sys.stdin.readline()
    if wishes.get("crash"):
        if wishes["crash"] != signal.SIGKILL:
            signal.signal(wishes["crash"], signal.SIG_DFL)  # a shell lets what it starts in the background ignore some
        os.kill(os.getpid(), wishes["crash"])
        # The system may hand the signal to another thread, and this one must not have ended by then.
        time.sleep(30)


if __name__ == "__main__":
    main()
