"""How a program of ours starts, and what it says when it can't: one sentence and an exit code, never a traceback.

CannotStart
├── WrongSettings    2: names the variable and how to get it right, never its value
└── OutsideAway      3: something outside does not answer
"""

import logging
import os
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, SettingsError

from runtime.config import FORMS, Settings

log = logging.getLogger("lockstep.settings")
PREFIX = "LOCKSTEP_"
NOT_IN_SETTINGS = ("LOCKSTEP_SECRETS_DIR", "LOCKSTEP_API_URL", "LOCKSTEP_TOKEN")
Kind = TypeVar("Kind", bound=BaseSettings)


class CannotStart(Exception):
    exit_code = 1


class WrongSettings(CannotStart, ValueError):
    exit_code = 2


class OutsideAway(CannotStart, RuntimeError):
    exit_code = 3


def read_settings(kind: type[Kind]) -> Kind:
    """Raises WrongSettings with a sentence for each variable that is missing or wrong."""
    try:
        return kind()
    except ValidationError as invalid:
        raise WrongSettings("; ".join(_sentence(each) for each in invalid.errors())) from None
    except SettingsError as unreadable:
        name = str(unreadable).split('"')[1] if '"' in str(unreadable) else "a variable"
        raise WrongSettings(f"{_variable(name)} is not valid JSON") from None


def read_all_settings() -> Settings:
    """The settings of a program that serves, with what only such a one needs. Raises WrongSettings."""
    settings = read_settings(Settings)
    if not settings.warehouse_secret_list:
        raise WrongSettings(f"LOCKSTEP_WAREHOUSE_SECRETS is not set: it {FORMS['warehouse_secrets']}")
    for variable, accounts in (("ALIPAY", settings.alipay_accounts), ("WECHATPAY", settings.wechatpay_accounts)):
        for file in (file for account in accounts for file in account.files):
            if not file.is_file():
                raise WrongSettings(f"{PREFIX}{variable}_ACCOUNTS names {file}, which is no file")
    return settings


def tell_unknown_variables() -> None:
    for sentence in unknown_variables(os.environ):
        log.warning(sentence)


def unknown_variables(names: Iterable[str]) -> list[str]:
    """A sentence for each name that begins like ours and is none: a setting that was misspelt has no effect."""
    ours = (variable for field in Settings.model_fields if (variable := _variable(field)).startswith(PREFIX))
    known = {*ours, *NOT_IN_SETTINGS}
    return [
        f"{name} is no setting of ours and has no effect{_nearest(name, known)}"
        for name in sorted(names)
        if name.startswith(PREFIX) and name.partition("__")[0] not in known
    ]


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name.removeprefix(PREFIX), [each.removeprefix(PREFIX) for each in known], n=1)
    return f": is {PREFIX}{near[0]} meant?" if near else ""


def _sentence(error: Any) -> str:
    """Names the variable, never its value."""
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:  # about several variables, and names them
        return str(message)
    first, *rest = (str(part) for part in error["loc"])
    where = f" ({'.'.join(rest)})" if rest else ""
    if error["type"] == "missing" and not rest:
        form = FORMS.get(first)
        return f"{_variable(first)} is not set" + (f": it {form}" if form else "")
    return f"{_variable(first)}{where}: {message}"


def _variable(field: str) -> str:
    """Variables without our prefix are told by their own names."""
    return field if field.isupper() else f"{PREFIX}{field.upper()}"
