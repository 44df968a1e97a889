"""The baselines are what they were: a hash over their files.

Renew it on purpose: `python -m benchmarks.baselines.frozen`.

A baseline that somebody slowed down, or sped up, would move every ratio that was ever written down.
"""

import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent
KEPT = FOLDER / "FROZEN"


def digest() -> str:
    made = hashlib.sha256()
    for file in sorted(FOLDER.glob("*.py")):
        made.update(f"{file.name}\n".encode() + file.read_bytes())
    return made.hexdigest()


def is_as_it_was() -> bool:
    return digest() == KEPT.read_text().strip()


if __name__ == "__main__":
    KEPT.write_text(digest() + "\n")
