"""Files that people write by hand: read strictly, each wrong place told."""

from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import BaseModel, ValidationError

from cli.endings import BAD_USAGE, stop

Kind = TypeVar("Kind", bound=BaseModel)
JsonFile = Annotated[Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A file of JSON.")]


def read_file(kind: type[Kind], file: Path) -> Kind:
    """Ends the command with a sentence for each place that is not as it must be."""
    try:
        return kind.model_validate_json(file.read_bytes())
    except ValidationError as wrong:
        places = (f"{'.'.join(map(str, each['loc'])) or file.name}: {each['msg']}" for each in wrong.errors())
        stop(BAD_USAGE, "; ".join(places))
