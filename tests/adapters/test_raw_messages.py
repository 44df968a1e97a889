"""How headers of HTTP become those of a message."""

from ports.messages import RawMessage


def test_headers_are_known_by_their_names_in_any_case() -> None:
    message = RawMessage.arrived([("Wechatpay-Serial", "A"), ("webhook-ID", "b")], b"raw")
    assert message == RawMessage({"wechatpay-serial": "A", "webhook-id": "b"}, b"raw")


def test_a_header_that_comes_twice_hides_none_of_its_values() -> None:
    """Were only one kept, the signature could be checked on one and the other be believed."""
    message = RawMessage.arrived([("Nonce", "a"), ("nonce", "b"), ("NONCE", "")], b"")
    assert message.headers == {"nonce": "a, b, "}
