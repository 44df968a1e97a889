"""python -m verify --dump FILE --database URL [--json FILE]: exit code 0 if all holds, 1 if not, 2 if unreadable."""

import json
from pathlib import Path
from typing import Annotated

import psycopg
import typer
from rich.console import Console

from verify.invariants import check
from verify.report import as_json, show

BROKEN, UNREADABLE = 1, 2


def main(
    dump: Annotated[Path, typer.Option(help="the outside's ledgers, as the sandbox writes them")],
    database: Annotated[str, typer.Option(help="URL of the record")],
    json_to: Annotated[Path | None, typer.Option("--json", help="write all evidence to this file")] = None,
    app_id: Annotated[
        list[str] | None, typer.Option(help="our apps at providers; without: every trade is ours")
    ] = None,
    seller_id: Annotated[list[str] | None, typer.Option(help="our sellers at providers")] = None,
) -> None:
    """Compare the outside's own ledgers with the record in Postgres, by id and amount."""
    try:
        ledgers = json.loads(dump.read_text(encoding="utf-8"))
        found = check(ledgers, database, app_ids=app_id or (), seller_ids=seller_id or ())
    except (OSError, ValueError, psycopg.OperationalError) as error:
        typer.echo(f"cannot verify: {error}", err=True)
        raise typer.Exit(UNREADABLE) from error
    if json_to is not None:
        json_to.write_text(as_json(found), encoding="utf-8")
    show(found, Console())
    if not all(each.held for each in found):
        raise typer.Exit(BROKEN)


if __name__ == "__main__":
    typer.run(main)
