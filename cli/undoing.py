"""The release of a plan from the command line, without the API: straight to its workflow."""

from cli.endings import AWAY, WRONG, stop
from cli.money import person_of
from cli.surroundings import RecordSettings, open_record, read
from domain.brake import Said
from domain.errors import UndoRefused
from domain.undo import Plan
from ports.clock import SystemClock
from runtime.config import Settings
from runtime.telemetry import traces
from runtime.temporal import connect
from runtime.undo_desk import UndoDesk
from runtime.updates import TemporalAway


async def release_plan(plan_id: str, version: str, reason: str, secret: str) -> Plan:
    """Raises LookupError."""
    settings = read(Settings)
    with traces(settings, "cli"):
        client = await connect(settings, lazy=True)
        async with open_record(RecordSettings(database_url=settings.database_url)) as engine:
            async with engine.connect() as db:
                said = Said(await person_of(db, secret), reason, SystemClock().now())
            try:
                return await UndoDesk(engine, client, settings).release(plan_id, said, version)
            except UndoRefused as refused:
                stop(WRONG, str(refused))
            except TemporalAway as away:
                stop(AWAY, str(away))
