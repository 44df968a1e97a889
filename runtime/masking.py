"""What must not stand in a log, struck out wherever it turns up: phone numbers, recipients, tokens, keys, passwords.

Nothing of ours is meant to log any of it; this is the net below. A run of digits longer than a phone number is another
number (a trade, a waybill) and stays.
"""

import re
from collections.abc import Mapping
from datetime import datetime

STRUCK = "***"

_WIDE = str.maketrans("０１２３４５６７８９＋", "0123456789+")
# The last four digits stay: enough to tell two apart, too few to call.
_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)?86[-\s.]?)?1[3-9]\d[-\s.]?\d{4}[-\s.]?(\d{4})(?!\d)")
_ABROAD = re.compile(r"\+\d(?:[-\s.()]{0,2}\d){7,14}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}-\d{7,8}(?!\d)")

_PERSONAL = "recipient receiver consignee buyer_name receiver_name phone mobile tel telephone address customer_note"
_TELLING = (
    "authorization cookie password passwd secret token proof sign signature api_key access_token refresh_token "
    "client_secret record_key payload_keys private_key app_private_key"
)
_NAMES = frozenset(f"{_PERSONAL} {_TELLING}".split())
_NESTED_NAMES = _NAMES | frozenset(["name", "province", "city", "district", "detail", "note"])  # of whatever holds them
_WRITTEN = re.compile(
    rf"""(?ix) (?<![\w]) (["']?) ({"|".join(_NAMES)}) \1 (\s*[=:]\s*)
    (?: "(?:[^"\\]|\\.)*" | '(?:[^'\\]|\\.)*' | \{{[^{{}}]*\}} | (?:bearer|basic)\s+\S+ | [^\s&,;)}}\]]+ )"""
)
_TEXTS = (
    (re.compile(r"\bRecipient\(.*?\)(?=\W|$)", re.DOTALL), f"Recipient({STRUCK})"),
    (re.compile(r"-----BEGIN [^-]+-----.*?(?:-----END [^-]+-----|$)", re.DOTALL), STRUCK),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {STRUCK}"),
    (re.compile(r"\b(lk_|whsec_)[\w+/=-]{8,}"), rf"\1{STRUCK}"),
    (re.compile(r"(\w://[^\s:/@]*:)[^\s@]+@"), rf"\1{STRUCK}@"),
    (_WRITTEN, rf"\1\2\1\3{STRUCK}"),
    (_MOBILE, rf"{STRUCK}\1"),
    (_ABROAD, STRUCK),
    (_LANDLINE, STRUCK),
)


def masked_text(text: str) -> str:
    text = text.translate(_WIDE)
    for found, instead in _TEXTS:
        text = found.sub(instead, text)
    return text


def masked(value: object, *, nested: bool = False) -> object:
    """Plain data for JSON with everything struck out, names of fields too."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Mapping):
        names = _NESTED_NAMES if nested else _NAMES
        return {
            masked_text(str(key)): STRUCK if str(key).lower() in names else masked(each, nested=True)
            for key, each in value.items()
        }
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple | set | frozenset):
        return [masked(each, nested=True) for each in value]
    text = str(value)
    clean = masked_text(text)
    return value if isinstance(value, int | float) and clean == text else clean
