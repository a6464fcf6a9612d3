"""Which minutes of a camera there are: their names, sorted, in eight bytes each. Made from the folder at start, never stored."""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final

from passerby.record.folder import FileName

_NUMBERS: Final = 1_000_000
"""Numbers within a minute; a process that is started more often in a minute is not started at all."""


class Shelf:
    """Names of files, by era and time."""

    def __init__(self, names: Iterable[FileName] = ()) -> None:
        self._eras: dict[int, array[int]] = {}
        for name in sorted(set(names)):
            self._eras.setdefault(name.era, array("q")).append(_key(name))

    def __len__(self) -> int:
        return sum(len(keys) for keys in self._eras.values())

    def __iter__(self) -> Iterator[FileName]:
        for era in sorted(self._eras):
            yield from (_name(era, key) for key in self._eras[era])

    def has(self, name: FileName) -> bool:
        """Whether a name is there."""
        keys = self._eras.get(name.era, array("q"))
        at = bisect_left(keys, _key(name))
        return at < len(keys) and keys[at] == _key(name)

    def add(self, name: FileName) -> None:
        """Puts a name on the shelf, once."""
        keys = self._eras.setdefault(name.era, array("q"))
        at = bisect_left(keys, _key(name))
        if at == len(keys) or keys[at] != _key(name):
            keys.insert(at, _key(name))

    def remove(self, name: FileName) -> None:
        """Takes a name from the shelf, if it is there."""
        keys = self._eras.get(name.era, array("q"))
        at = bisect_left(keys, _key(name))
        if at < len(keys) and keys[at] == _key(name):
            keys.pop(at)
            if not keys:
                del self._eras[name.era]

    def while_due(self, is_due: Callable[[FileName], bool]) -> Iterator[FileName]:
        """The oldest names of each era, as long as they are due."""
        for era in sorted(self._eras):
            for key in self._eras.get(era, array("q")):
                name = _name(era, key)
                if not is_due(name):
                    break
                yield name

    def by_era(self) -> list[Iterator[FileName]]:
        """The names of each era, oldest first, as long as none is added or removed."""
        return [map(partial(_name, era), self._eras[era]) for era in sorted(self._eras)]

    def has_between(self, first: FileName, last: FileName | None) -> bool:
        """Whether a name is there that is not before the minute of `first` and not after that of `last` (None = no end)."""
        for era, keys in self._eras.items():
            if era < first.era or (last is not None and era > last.era):
                continue
            low = 0 if era > first.era else bisect_left(keys, first.minute * _NUMBERS)
            high = len(keys) if last is None or era < last.era else bisect_right(keys, last.minute * _NUMBERS + _NUMBERS - 1)
            if low < high:
                return True
        return False


def _key(name: FileName) -> int:
    return name.minute * _NUMBERS + name.number


def _name(era: int, key: int) -> FileName:
    return FileName(era, *divmod(key, _NUMBERS))
