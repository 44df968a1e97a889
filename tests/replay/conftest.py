"""`pytest tests/replay --save-histories` tells every story anew and saves what Temporal kept of it."""

import pytest

from tests.workflows.conftest import env, installation, refund_world, world

__all__ = ["env", "installation", "refund_world", "world"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--save-histories", action="store_true", help="save the histories that replay is tested with")
