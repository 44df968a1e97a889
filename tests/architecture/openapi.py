"""The OpenAPI document as it is kept in docs/: `python -m tests.architecture.openapi` writes it."""

import json
from pathlib import Path

from api.app import create_app

SNAPSHOT = Path(__file__).parents[2] / "docs/openapi.json"


def rendered() -> str:
    return json.dumps(create_app().openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    SNAPSHOT.write_text(rendered())
