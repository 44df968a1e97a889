"""Schedules played with a bug planted."""

import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
import pytest

from drill.virtual.batch import Records, play
from drill.virtual.judgement import Found
from drill.virtual.plan import draw
from tests.drill.planted import SEED, Bug


@dataclass
class Spoilt(Records):
    """Each record is spoilt before anything is played on it."""

    sql: str

    @asynccontextmanager
    async def fresh(self) -> AsyncIterator[str]:
        async with super().fresh() as url:
            if self.sql:
                with psycopg.connect(re.sub(r"\+\w+://", "://", url), autocommit=True) as db:
                    db.execute(self.sql.encode())
            yield url


async def found_with(bug: Bug, records: Records, schedules: Iterable[int]) -> list[Found]:
    with pytest.MonkeyPatch.context() as patch:
        bug.plant(patch)
        played = await play(
            Spoilt(records.server, bug.sql), [getattr(draw(SEED, schedule), bug.part) for schedule in schedules]
        )
    return list(played.broken)
