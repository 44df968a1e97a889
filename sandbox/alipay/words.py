"""How Alipay's gateway words its answers."""

Answer = dict[str, str]

SUCCESS: Answer = {"code": "10000", "msg": "Success"}


def failure(sub_code: str, sub_msg: str) -> Answer:
    return {"code": "40004", "msg": "Business Failed", "sub_code": sub_code, "sub_msg": sub_msg}
