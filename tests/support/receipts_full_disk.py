"""Writes receipts on a disk that others fill to the last byte: `python -m tests.support.receipts_full_disk FOLDER`. Says in JSON how it went."""

import json
import sys
from pathlib import Path

from passerby.errors import ReceiptError
from passerby.record.receipts import Act, FileReceipts, Receipt, read_receipts


def fill(path: Path) -> None:
    with path.open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass


def main() -> None:
    folder = Path(sys.argv[1])
    receipts = FileReceipts(folder / "receipts.jsonl")
    fill(folder / "others")
    written, refused = 0, 0
    for number in range(2000):
        try:
            receipts.write(Receipt(kind=Act.DELETED, wall_s=float(number), by="passerby", camera="gate", why="retention"))
            written += 1
        except ReceiptError:
            refused += 1
        fill(folder / "others")
    read = [receipt.wall_s for receipt in read_receipts(folder / "receipts.jsonl")]
    lines = (folder / "receipts.jsonl").read_bytes()
    (folder / "others").unlink()
    receipts.write(Receipt(kind=Act.DELETED, wall_s=9999.0, by="passerby"))
    said = {
        "written": written,
        "refused": refused,
        "in_order": read == [float(number) for number in range(written)],
        "whole": lines.endswith(b"\n"),
        "after": read_receipts(folder / "receipts.jsonl")[-1].wall_s,
        "reserve": (folder / "receipts.jsonl.reserve").exists(),
    }
    sys.stdout.write(json.dumps(said) + "\n")


if __name__ == "__main__":
    main()
