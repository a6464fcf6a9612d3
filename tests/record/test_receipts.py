import threading
from pathlib import Path

import pytest

from passerby.errors import ReceiptError
from passerby.record.receipts import Act, FileReceipts, Receipt, read_receipts


def receipt(number: int) -> Receipt:
    return Receipt(kind=Act.DELETED, wall_s=float(number), by="passerby", camera="gate", why="retention")


def test_receipts_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "receipts.jsonl"
    receipts = FileReceipts(path)
    written = [receipt(number) for number in range(20)]
    for one in written:
        receipts.write(one)
    assert read_receipts(path) == written
    FileReceipts(path).write(receipt(20))
    assert len(read_receipts(path)) == 21


def test_a_line_that_a_crash_cut_does_not_take_the_next_one_along(tmp_path: Path) -> None:
    path = tmp_path / "receipts.jsonl"
    receipts = FileReceipts(path)
    receipts.write(receipt(0))
    with path.open("ab") as file:
        file.write(b'{"kind":"dele')
    receipts.write(receipt(1))
    assert [one.wall_s for one in read_receipts(path)] == [0.0, 1.0]


def test_lines_of_several_writers_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "receipts.jsonl"
    FileReceipts(path)

    def write(first: int) -> None:
        receipts = FileReceipts(path)
        for number in range(25):
            receipts.write(receipt(first + number))

    threads = [threading.Thread(target=write, args=(100 * number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.wall_s for one in read_receipts(path)} == {float(100 * writer + number) for writer in range(4) for number in range(25)}


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ReceiptError):
        FileReceipts(tmp_path / "missing" / "receipts.jsonl")


def test_receipts_that_can_no_longer_be_written_are_refused(tmp_path: Path) -> None:
    receipts = FileReceipts(tmp_path / "receipts.jsonl")
    (tmp_path / "receipts.jsonl").unlink()
    (tmp_path / "receipts.jsonl").mkdir()
    with pytest.raises(ReceiptError):
        receipts.write(receipt(0))
