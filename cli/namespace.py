"""The namespace in Temporal, made ready before the first process starts. For a Temporal that we run ourselves."""

from dataclasses import dataclass
from datetime import timedelta

import typer

from cli.endings import AWAY, WRONG, run, stop
from cli.show import Json, print_json
from cli.surroundings import read
from runtime.config import TemporalSettings


@dataclass(frozen=True)
class Namespace:
    name: str
    created: bool
    retention_days: int
    search_attributes_added: tuple[str, ...]


def namespace(*, as_json: Json = False) -> None:
    """Create the namespace where it is missing, set how long it keeps histories, register the search attributes.

    Safe to repeat. On Temporal Cloud its own tools do this: docs/operations.md.
    """
    found = run(_make_ready(read(TemporalSettings)))
    if as_json:
        print_json(found)
        return
    added = ", ".join(found.search_attributes_added) or "none"
    typer.echo(f"namespace {found.name}: {'created' if found.created else 'was there'}")
    typer.echo(f"histories are kept for {found.retention_days} days after their end")
    typer.echo(f"search attributes added: {added}")


async def _make_ready(settings: TemporalSettings) -> Namespace:
    from temporalio.client import Client  # noqa: PLC0415 - Temporal is slow to load, most commands need none
    from temporalio.service import RPCError  # noqa: PLC0415

    from runtime.namespace import OtherType, make_ready  # noqa: PLC0415
    from runtime.temporal_access import access  # noqa: PLC0415
    from workflows import identity  # noqa: PLC0415

    days = settings.temporal_retention_days
    try:
        client = await Client.connect(**access(settings))
        ready = await make_ready(client, timedelta(days=days), identity.SEARCH_ATTRIBUTES)
    except OtherType as wrong:
        stop(WRONG, str(wrong))
    except RPCError as refused:
        stop(WRONG, f"Temporal refuses: {refused.message}")
    except (RuntimeError, TimeoutError):  # RuntimeError: nothing listens there
        stop(AWAY, f"Temporal cannot be reached at {settings.temporal_address}")
    return Namespace(settings.temporal_namespace, ready.created, days, ready.added)
