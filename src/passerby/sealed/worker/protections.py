"""Closes a worker in, and says truthfully what holds.

`close_in` comes once, after the orders are read, before any thread is started, any heavy library imported, any camera opened. Each protection is best
effort: what cannot be had here is reported with what holds instead, and the worker goes on. What is reported as held was asked of the kernel after it
was set: read back, or tried.

What each is against, and where it ends: docs/design/sealing.md.
"""

import os
from collections.abc import Callable
from typing import Final

from passerby.released.messages import Protection
from passerby.sealed.worker import kernel, landlock, limits, memory, refusals, seccomp
from passerby.sealed.worker.allowance import Allowance, allowance_of
from passerby.sealed.worker.landlock import Landlocked
from passerby.site.orders import Configure

SWAP: Final = "memory stays out of swap"
CORE_DUMPS: Final = "no core dumps"
UNDUMPABLE: Final = "memory closed to other processes"
PRIVILEGES: Final = "no new privileges"
CAPABILITIES: Final = "no capabilities"
PARENT: Final = "ends with its supervisor"
MEMORY_LIMIT: Final = "memory limit"
WRITES: Final = "writes no file"
READS: Final = "reads its own files only"
PORTS: Final = "TCP to camera ports only"
DATAGRAMS: Final = "no UDP"
LISTENING: Final = "takes no connections"
PROGRAMS: Final = "starts no programs"
OTHERS: Final = "touches no other process"
OUTLETS: Final = "pipes are the only way out"

NAMES: Final = (
    SWAP,
    CORE_DUMPS,
    UNDUMPABLE,
    PRIVILEGES,
    CAPABILITIES,
    PARENT,
    MEMORY_LIMIT,
    WRITES,
    READS,
    PORTS,
    DATAGRAMS,
    LISTENING,
    PROGRAMS,
    OTHERS,
    OUTLETS,
)
"""All of them, in the order in which they are reported."""


def close_in(order: Configure) -> tuple[Protection, ...]:
    """Close this process in for good, as far as this system can; one report for each of NAMES. Never raises."""
    allowance = allowance_of(order)
    reports = {
        CORE_DUMPS: _report(CORE_DUMPS, limits.forbid_core_dumps, _dumps_no_core, "core dumps stay as they were set"),
        UNDUMPABLE: _report(UNDUMPABLE, limits.become_undumpable, _is_undumpable, "processes of the same user may read it"),
        PRIVILEGES: _report(PRIVILEGES, limits.refuse_new_privileges, _takes_no_privileges, "as the system gives them"),
        PARENT: _report(PARENT, limits.end_with_parent, None, "only at the end of its standard input"),
        OUTLETS: _outlets(),
    }
    lock_word = _tried(memory.lock_memory)
    reports[SWAP] = _swap(lock_word)
    reports[CAPABILITIES] = _capabilities()
    reports[MEMORY_LIMIT] = _memory_limit(order.memory_limit_bytes)
    growing_word = _tried(limits.forbid_growing_files)
    locked = landlock.restrict(allowance)
    # Last: nothing of the above may be done any more once it is there.
    filter_word = seccomp.restrict(udp=allowance.udp, devices=bool(allowance.devices))
    for report in _closed(allowance, locked, filter_word, growing_word):
        reports[report.name] = report
    return tuple(reports[name] for name in NAMES)


def _closed(allowance: Allowance, locked: Landlocked, filter_word: str, growing_word: str) -> list[Protection]:
    """What Landlock and seccomp hold, tried."""
    return [
        _writes(allowance, locked, filter_word, growing_word),
        _reads(locked),
        _ports(allowance, locked, filter_word),
        _datagrams(allowance, filter_word),
        _held_if(LISTENING, filter_word, "it may listen", tried=refusals.listens_no_more()),
        _held_if(PROGRAMS, filter_word, "" if locked.files else "it may start programs", tried=refusals.starts_nothing()),
        _held_if(OTHERS, filter_word, "its user's other processes are open to it", tried=refusals.reaches_no_other()),
    ]


def _writes(allowance: Allowance, locked: Landlocked, filter_word: str, growing_word: str) -> Protection:
    if not refusals.writes_nothing():
        return Protection(WRITES, False, f"{_why(locked, filter_word)}; {growing_word or 'files cannot grow'}")
    if not locked.files:
        return Protection(WRITES, not filter_word, f"by seccomp; {locked.why_not or 'a thread was there before Landlock'}")
    return Protection(WRITES, True, "but devices of the graphics card" if allowance.devices else "")


def _reads(locked: Landlocked) -> Protection:
    if not locked.files:
        return Protection(READS, False, locked.why_not or "a thread was there before Landlock")
    if refusals.reads_passwords():
        return Protection(READS, False, "what it needs lies among everything else")
    return Protection(READS, True, f"{locked.missing} of its files were not there" if locked.missing else "")


def _ports(allowance: Allowance, locked: Landlocked, filter_word: str) -> Protection:
    ports = ", ".join(map(str, allowance.tcp_ports)) or "none"
    if locked.ports and not refusals.connects_elsewhere(allowance.tcp_ports):
        # Without the filter, other protocols of streams go past the rules.
        return Protection(PORTS, not filter_word, filter_word or f"ports: {ports}; hosts cannot be told apart")
    why = locked.why_not or ("Landlock of this kernel has no rules for ports (Linux 6.7)" if locked.files else "a thread was there before Landlock")
    return Protection(PORTS, False, f"{why}; {'it may connect to any port' if filter_word else 'it may connect to any port, never listen'}")


def _datagrams(allowance: Allowance, filter_word: str) -> Protection:
    if allowance.udp:
        return Protection(DATAGRAMS, False, "needed for names of hosts or a stream over UDP: open to any address")
    return _held_if(DATAGRAMS, filter_word, "open to any address", tried=refusals.sends_no_datagrams())


def _held_if(name: str, filter_word: str, instead: str, *, tried: bool) -> Protection:
    if tried and not filter_word:
        return Protection(name, True, "")
    if tried and not instead:
        return Protection(name, True, "by Landlock")
    return Protection(name, False, f"{filter_word or 'the filter does not do what it should'}; {instead}".rstrip("; "))


def _swap(lock_word: str) -> Protection:
    if not lock_word and memory.is_locked():
        return Protection(SWAP, True, "locked")
    if memory.has_no_swap():
        return Protection(SWAP, True, "there is no swap for it")
    if not kernel.is_linux():
        return Protection(SWAP, False, "may be swapped: this system keeps no process out of its swap")
    return Protection(SWAP, False, f"may be swapped: {lock_word or 'nothing is locked'}")


def _capabilities() -> Protection:
    needed = {limits.CAP_IPC_LOCK} if memory.is_locked() and memory.needs_capability_to_lock() else set()
    word = _tried(lambda: limits.drop_capabilities(needed))
    left = limits.capabilities() - needed
    if not kernel.is_linux() or left or (word and os.geteuid() == 0):
        return Protection(CAPABILITIES, False, word or f"{len(left)} are left")
    return Protection(CAPABILITIES, True, "but locking memory" if needed else "")


def _memory_limit(most_bytes: int) -> Protection:
    if most_bytes <= 0:
        return Protection(MEMORY_LIMIT, False, "none is configured")
    if not kernel.is_linux():
        return Protection(MEMORY_LIMIT, False, "this system knows no limit of private memory")
    word = _tried(lambda: limits.limit_memory(most_bytes))
    return Protection(MEMORY_LIMIT, not word, word or f"{most_bytes // 1_000_000} MB")


def _outlets() -> Protection:
    """What is open already stays open: only pipes may be."""
    odd = refusals.odd_outlets()
    if odd is None:
        return Protection(OUTLETS, False, "open files cannot be listed here")
    return Protection(OUTLETS, not odd, f"also open for writing: {', '.join(odd)}" if odd else "")


def _report(name: str, act: Callable[[], None], holds: Callable[[], bool] | None, instead: str) -> Protection:
    word = _tried(act)
    if not word and (holds is None or holds()):
        return Protection(name, True, "")
    return Protection(name, False, f"{word or 'the kernel took it and it does not hold'}; {instead}")


def _tried(act: Callable[[], object]) -> str:
    """Nothing if it went well, else why not. No file's name is in it."""
    try:
        act()
    except (OSError, ValueError) as error:
        return str(error.args[-1] if error.args else type(error).__name__)
    return ""


def _why(locked: Landlocked, filter_word: str) -> str:
    return "; ".join(word for word in (locked.why_not, filter_word) if word) or "neither Landlock nor seccomp hold"


def _dumps_no_core() -> bool:
    return limits.core_limit() == 0


def _is_undumpable() -> bool:
    return kernel.prctl(kernel.PR_GET_DUMPABLE) == 0


def _takes_no_privileges() -> bool:
    return kernel.prctl(kernel.PR_GET_NO_NEW_PRIVS) == 1
