"""The merchant's own shops that are told their stock levels."""

from pydantic import BaseModel, HttpUrl, SecretStr, field_validator

from domain.errors import InvalidReference
from domain.reference import OWN_SHOP, ShopId


class ShopListenerSettings(BaseModel):
    """Where one of the merchant's own shops takes stock levels; docs/shop-api.md says how."""

    shop_id: str
    stock_url: HttpUrl
    secrets: SecretStr
    """Comma-separated; levels are signed with all of them, so that a secret can rotate."""

    @field_validator("shop_id")
    @classmethod
    def _named_like_a_shop(cls, shop_id: str) -> str:
        try:
            ShopId(OWN_SHOP, shop_id)
        except InvalidReference as invalid:
            raise ValueError(str(invalid)) from invalid
        return shop_id

    @property
    def secret_list(self) -> tuple[str, ...]:
        return tuple(each.strip() for each in self.secrets.get_secret_value().split(",") if each.strip())
