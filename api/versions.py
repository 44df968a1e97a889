"""If-Match and ETag: whoever changes something says which version he saw, so that nothing unseen is overwritten."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Header, Response

from api.errors import Problem
from persistence.failures import ChangedMeanwhile

IfMatch = Annotated[
    str | None, Header(pattern=r'^"[0-9]{1,9}"$', description='The ETag of what you saw, such as `"3"`; none for new.')
]


def version_seen(if_match: str | None) -> int:
    """0 where nothing was seen."""
    return int(if_match.strip('"')) if if_match else 0


def etag(version: int) -> str:
    return f'"{version}"'


def tell_version(response: Response, version: int) -> None:
    response.headers["etag"] = etag(version)


@contextmanager
def changes(if_match: str | None) -> Iterator[None]:
    """Problem 412 for a change made from another version than stands there, 428 where none was named."""
    try:
        yield
    except ChangedMeanwhile as changed:
        if if_match is None:
            raise Problem(428, "version-required", f'send `If-Match: "{changed.version}"` once you saw it') from None
        raise Problem(412, "changed-meanwhile", str(changed)) from None
