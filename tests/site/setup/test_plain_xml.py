"""XML from devices: no document type, nothing large, nothing deep."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passerby.site.setup.plain_xml import MOST_BYTES, MOST_DEPTH, MOST_ELEMENTS, XmlError, parse_plain


def test_elements_are_found_by_their_local_names_in_their_order() -> None:
    root = parse_plain(b"<a xmlns='urn:x' xmlns:y='urn:y'><b>1 2\n3</b><y:c><b>4</b></y:c></a>")
    assert root.name == "urn:x a"
    assert [element.words for element in root.every("b")] == [["1", "2", "3"], ["4"]]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<a>",
        b"no xml",
        b"<a/><b/>",
        b"\xff\xfe<a/>",
        b"<?xml version='1.0' encoding='utf-7'?><a/>",
        b"<!DOCTYPE a><a/>",
        b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>",
        b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>",
        b'<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><l>&c;</l>',
        "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>".encode("utf-16"),
        b"<a>" * (MOST_DEPTH + 1) + b"</a>" * (MOST_DEPTH + 1),
        b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>",
        b"<a " + b" ".join(b"x%d='1'" % number for number in range(100)) + b"/>",
        b"<a>" + b" " * MOST_BYTES + b"</a>",
    ],
)
def test_what_is_no_plain_xml_is_not_read(data: bytes) -> None:
    with pytest.raises(XmlError):
        parse_plain(data)


@given(st.binary(max_size=200) | st.text(alphabet="<>a/='\" !&;x[]?-", max_size=80).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse_plain(data)
    except XmlError:
        return
