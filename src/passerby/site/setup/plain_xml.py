"""XML from devices, read into a small tree: no document type, so no entities; bounded in size, depth and number of elements.

Devices are not trusted. With document types refused, there is nothing to expand and nothing to fetch. What expat refuses is not read at all.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

MOST_BYTES: Final = 1 << 20
MOST_DEPTH: Final = 48
MOST_ELEMENTS: Final = 20_000
MOST_ATTRIBUTES: Final = 64
_WHITE: Final = re.compile(r"\s+")


class XmlError(ValueError):
    """No XML that is read here. Says nothing of it."""


@dataclass(slots=True)
class Element:
    """An element.

    Attributes:
        name: Namespace and local name, "namespace local".
        children: Elements in it.
        texts: Its own text, in pieces.
    """

    name: str
    children: list["Element"] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def local(self) -> str:
        """The name without its namespace."""
        return self.name.rpartition(" ")[2]

    @property
    def words(self) -> list[str]:
        """Its own text, in words."""
        return [word for word in _WHITE.split("".join(self.texts)) if word]

    def every(self, local: str) -> list["Element"]:
        """All elements of this local name in it, in the document's order. Their depth is bounded by the parser."""
        found = [self] if self.local == local else []
        for child in self.children:
            found += child.every(local)
        return found


def parse_plain(data: bytes) -> Element:
    """The root element.

    Raises:
        XmlError: It is no XML, has a document type, or is larger or deeper than anything that is meant here.
    """
    if len(data) > MOST_BYTES:
        raise XmlError("too large")
    tree = _Tree()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        raise XmlError("not read") from None
    if tree.root is None:
        raise XmlError("empty")
    return tree.root


class _Tree:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if len(self._open) >= MOST_DEPTH or self._count > MOST_ELEMENTS or len(attributes) > MOST_ATTRIBUTES:
            raise XmlError("too deep or too many")
        element = Element(name)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def text(self, text: str) -> None:
        self._open[-1].texts.append(text)


def _refuse_doctype(*_: object) -> None:
    raise XmlError("a document type")
