"""Money is counted in fen; Alipay's wire writes yuan with two decimals."""


def yuan(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"
