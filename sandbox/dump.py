"""The ledgers as a file."""

import json
from collections.abc import Mapping
from pathlib import Path


def write_dump(path: Path, dump: Mapping[str, object]) -> None:
    """Whole or not at all: readers never find half a document."""
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(json.dumps(dump, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
