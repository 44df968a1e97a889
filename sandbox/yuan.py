"""Money is counted in fen; Alipay's wire writes yuan with two decimals."""

import re


def minor(text: str) -> int | None:
    """None for what is no amount."""
    found = re.fullmatch(r"([0-9]{1,12})\.([0-9]{2})", text)
    return int(found[1] + found[2]) if found else None


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
