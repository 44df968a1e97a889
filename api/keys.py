"""Idempotency keys of those who may send one: what comes twice under one key is the same, or refused."""

import hashlib
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel

from api.errors import Problem
from persistence import access
from persistence.access import KeyReused, Token
from runtime.wiring import House

KeyHere = Annotated[str | None, Header(alias="idempotency-key", min_length=1, max_length=200)]


async def must_be_first_body(house: House, token: Token, key: str | None, subject: str, body: BaseModel) -> None:
    """A key belongs to one body. Problem 422 for another one; the answer comes from what is decided only once."""
    if key is None:
        return
    digest = hashlib.sha256(f"{subject} {body.model_dump_json()}".encode()).hexdigest()
    try:
        async with house.engine.begin() as db:
            await access.remember(db, token, key, digest, {"subject": subject}, house.clock.now())
    except KeyReused:
        detail = "this Idempotency-Key came before with another body: use a new key for a new request"
        raise Problem(422, "idempotency-key-reused", detail) from None
