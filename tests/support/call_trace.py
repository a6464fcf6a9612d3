"""What processes did, by strace: every byte that they wrote and where to, files opened for writing, memory that others could see, connections."""

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

WRITING: Final = (
    "write,writev,pwrite64,pwritev,pwritev2,sendto,sendmsg,sendmmsg,splice,vmsplice,tee,sendfile,copy_file_range,msgsnd,mq_timedsend,process_vm_writev,"
    "setxattr,lsetxattr,fsetxattr,add_key"
)
OTHERS: Final = (
    "open,openat,openat2,creat,memfd_create,shmget,shmat,mmap,connect,bind,listen,ptrace,process_vm_readv,execve,execveat,clone,clone3,fork,vfork,"
    "io_uring_setup"
)
OPENING: Final = ("open", "openat", "openat2", "creat")
CONNECTING: Final = ("connect", "bind", "listen")
SHARING: Final = ("memfd_create", "shmget", "shmat", "io_uring_setup", "ptrace", "process_vm_readv")
MOST_BYTES: Final = 8_000_000
"""Of one call that are written down: no message is longer in these tests."""
LINE: Final = re.compile(r"^(?P<name>\w+)\((?P<rest>.*)$", re.DOTALL)
DATA: Final = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
TARGET: Final = re.compile(r"^(?P<number>\d+)<(?P<what>(?:->|[^<>]|<[^<>]*>)*)>")
RESULT: Final = re.compile(r"= (-?\d+|0x[0-9a-f]+|\?)[^=]*$")
SPELLED: Final = re.compile(r"(?:\\x[0-9a-f]{2})+")
WRITES_FILE: Final = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")


def command(folder: Path) -> list[str]:
    """What starts a program so that it is traced with all that it starts; one file a thread in the folder."""
    options = ["--seccomp-bpf", "-f", "-ff", "-yy", "-xx", "-s", str(MOST_BYTES), "-e", f"trace={WRITING},{OTHERS}"]
    return ["strace", *options, "-o", str(folder / "call"), "--"]


@dataclass
class Traced:
    """What all traced processes did.

    Attributes:
        written: Bytes by where they went: (process, "pipe:[...]", a file's path, "TCP:[...]").
        opened: Files that were opened for writing, with success, by process.
        shared: Mappings of memory that others could see and that can be written to, and other shared memory.
        connected: Calls of connect, bind and listen that were made, with their arguments.
        programs: Command lines that were started.
        ends: How each thread ended.
        cut: Calls of which not all bytes were written down.
    """

    written: dict[tuple[int, str], bytearray] = field(default_factory=lambda: defaultdict(bytearray))
    opened: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    shared: list[tuple[int, str]] = field(default_factory=list)
    connected: list[tuple[int, str]] = field(default_factory=list)
    programs: dict[int, list[str]] = field(default_factory=lambda: defaultdict(list))
    ends: dict[int, str] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    def pipe_of(self, pid: int) -> bytes:
        """What a process wrote into the pipe into which it wrote most."""
        pipes = [data for (writer, where), data in self.written.items() if writer == pid and where.startswith("pipe:")]
        return bytes(max(pipes, key=len, default=b""))

    def processes(self, word: str) -> list[int]:
        """Processes in whose command line the word stands."""
        return sorted(pid for pid, lines in self.programs.items() if any(word in line for line in lines))


def read_trace(folder: Path) -> Traced:
    """What the files of a trace say."""
    threads = {int(path.suffix[1:]): path for path in folder.glob("call.*")}
    owners = _owners(threads)
    traced = Traced()
    for thread, path in sorted(threads.items()):
        pid = owners.get(thread, thread)
        with path.open(encoding="ascii", errors="replace") as file:
            for line in file:
                _read_line(traced, pid, thread, line)
    return traced


def _read_line(traced: Traced, pid: int, thread: int, line: str) -> None:
    if line.startswith("+++"):
        traced.ends[thread] = line.strip("+ \n")
        return
    matched = LINE.match(line)
    if matched is None:
        return
    name, rest = matched["name"], matched["rest"]
    if name in WRITING.split(","):
        _read_write(traced, pid, name, rest)
    elif name in OPENING:
        if (name == "creat" or WRITES_FILE.search(rest)) and not rest.rstrip().rpartition(" = ")[2].startswith("-"):
            traced.opened[pid].add(_opened(rest))
    elif name in CONNECTING:
        traced.connected.append((pid, f"{name}({spelled_out(rest).strip()}"))
    elif name == "execve":
        traced.programs[pid] += [spelled_out(rest)] if "= 0" in rest else []
    elif name in SHARING or (name == "mmap" and "MAP_SHARED" in rest and "PROT_WRITE" in rest):
        traced.shared.append((pid, f"{name}({spelled_out(rest).strip()}"))


def _read_write(traced: Traced, pid: int, name: str, rest: str) -> None:
    target = TARGET.match(rest)
    where = spelled_out(target["what"]) if target else "?"
    for data, cut in DATA.findall(rest):
        traced.written[pid, where] += bytes.fromhex(data.replace("\\x", ""))
        if cut:
            traced.cut.append(f"{name} to {where}")
    if name in {"splice", "vmsplice", "tee", "sendfile", "copy_file_range"}:
        traced.cut.append(f"{name} to {where}")


def _opened(rest: str) -> str:
    result = rest.rpartition(" = ")[2]
    target = TARGET.match(result)
    return spelled_out(target["what"]) if target else spelled_out(rest)


def _owners(threads: dict[int, Path]) -> dict[int, int]:
    """The process of each thread."""
    parents: dict[int, int] = {}
    for thread, path in threads.items():
        with path.open(encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith(("clone(", "clone3(")) and "CLONE_THREAD" in line:
                    result = RESULT.search(line)
                    if result and result[1].isdigit():
                        parents[int(result[1])] = thread
    owners = {}
    for thread in threads:
        owner = thread
        while owner in parents:
            owner = parents[owner]
        owners[thread] = owner
    return owners


def spelled_out(text: str) -> str:
    """Text in which strace spelled bytes in hexadecimal."""
    return SPELLED.sub(lambda found: bytes.fromhex(found[0].replace("\\x", "")).decode("utf-8", errors="replace"), text)
