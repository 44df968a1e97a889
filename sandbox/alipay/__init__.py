"""Alipay as a merchant sees it: trades, the gateway and the notices."""
