"""Shops at the sandbox's marketplace, which moves the money of their refunds."""

from pydantic import BaseModel, HttpUrl, SecretStr, field_validator

from domain.errors import InvalidReference
from domain.reference import BAZAAR, ShopId


class BazaarShopSettings(BaseModel):
    """One shop at the bazaar, the sandbox's marketplace; docs/bazaar-api.md says how it speaks."""

    shop_id: str
    api_url: HttpUrl
    token: SecretStr
    secrets: SecretStr
    """Comma-separated; the bazaar signs with one of them, so that a secret can rotate."""

    @field_validator("shop_id")
    @classmethod
    def _named_like_a_shop(cls, shop_id: str) -> str:
        try:
            ShopId(BAZAAR, shop_id)
        except InvalidReference as invalid:
            raise ValueError(str(invalid)) from invalid
        return shop_id

    @property
    def secret_list(self) -> tuple[str, ...]:
        return tuple(each.strip() for each in self.secrets.get_secret_value().split(",") if each.strip())
