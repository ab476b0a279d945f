"""Notifications: believed only when signed, registered once, and nobody else's registration is touched."""

from __future__ import annotations

import json

import pytest

from order_channel_mapping.connectors.base import BadPayload, SignatureError
from order_channel_mapping.connectors.records import WebhookEvent, WebhookKind
from tests.contract.operations import HOOK
from tests.contract.worlds.base import Sale

pytestmark = pytest.mark.needs("webhooks")
OTHER = "http://127.0.0.1:1/other/hook"
SECRET = "whsec-of-the-channel"


@pytest.fixture
def ref(world):
    return world.add_order(Sale())


@pytest.fixture
def delivery(world, ref):
    return world.delivery(ref)


def verify(world, headers, body, secret):
    return world.connector_class().verify_webhook(headers, body, secret)


# -- signatures -------------------------------------------------------------------------------------------------------


def test_what_the_marketplace_signed_is_believed(world, delivery, ref):
    event = verify(world, delivery.headers, delivery.body, delivery.secret)
    assert isinstance(event, WebhookEvent)
    assert event.kind is WebhookKind.ORDERS
    assert event.topic
    assert event.delivery_id, "a delivery that comes twice is told by it"
    assert event.record_ref in (ref, None)
    assert event.triggered_at is None or event.triggered_at.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("spelt", [str.lower, str.upper, str.title])
def test_header_names_have_no_case(world, delivery, spelt):
    headers = {spelt(name): value for name, value in delivery.headers.items()}
    assert verify(world, headers, delivery.body, delivery.secret).kind is WebhookKind.ORDERS


@pytest.mark.parametrize("secret", ["wrong", "", None, "{secret} ", " {secret}", "{secret}x", "{upper}", "\u0000", "ü"])
def test_another_secret_is_refused(world, delivery, secret):
    if secret:
        secret = secret.format(secret=delivery.secret, upper=delivery.secret.swapcase())
    with pytest.raises(SignatureError):
        verify(world, delivery.headers, delivery.body, secret)


def _bodies(body):
    yield "one byte more", body + b" "
    yield "one byte less", body[:-1]
    yield "nothing", b""
    yield "another", b"{}"
    yield "written differently", json.dumps(json.loads(body), indent=1).encode()
    yield "one bit", bytes([body[0] ^ 1]) + body[1:]
    yield "twice", body + body


def test_a_changed_body_is_refused(world, delivery):
    """The signature is over the raw bytes, not over what they mean."""
    for name, body in _bodies(delivery.body):
        with pytest.raises(SignatureError):
            verify(world, delivery.headers, body, delivery.secret)
            pytest.fail(f"believed: {name}")


@pytest.mark.parametrize("signature", ["", " ", "x", "ümlaut", "AAAA", "null", "=", "\u0000"])
def test_no_signature_is_refused(world, delivery, signature):
    secret_headers = [name for name in delivery.headers if "signature" in name.lower() or "hmac" in name.lower()]
    assert secret_headers
    for name in secret_headers:
        headers = {**delivery.headers, name: signature}
        with pytest.raises(SignatureError):
            verify(world, headers, delivery.body, delivery.secret)
        del headers[name]
        with pytest.raises(SignatureError):
            verify(world, headers, delivery.body, delivery.secret)


def test_a_signature_in_another_alphabet_is_refused(world, delivery):
    for name, value in delivery.headers.items():
        if "signature" in name.lower() or "hmac" in name.lower():
            with pytest.raises(SignatureError):
                verify(world, {**delivery.headers, name: value.swapcase()}, delivery.body, delivery.secret)


def test_nothing_is_signed_with_nothing(world, delivery):
    """An empty secret would let everybody in."""
    forged = world.signed(delivery, delivery.body, "")
    with pytest.raises(SignatureError):
        verify(world, forged.headers, forged.body, "")


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"", b"not json", b"[1]", b"null", b'"x"', b'{"id": []}'])
def test_signed_garbage_is_no_crash(world, delivery, body):
    signed = world.signed(delivery, body, delivery.secret)
    try:
        event = verify(world, signed.headers, signed.body, signed.secret)
    except BadPayload:
        return
    assert event.record_ref is None or isinstance(event.record_ref, str)


def test_a_request_that_is_no_ping(world, delivery):
    """A signed notification is never taken for the marketplace's trying out of an address."""
    cls = world.connector_class()
    assert not cls.is_webhook_ping(delivery.headers, delivery.body)
    assert not cls.is_webhook_ping({}, b"")
    assert not cls.is_webhook_ping({}, delivery.body)


# -- registrations ----------------------------------------------------------------------------------------------------


def ours(world):
    return sorted(topic for topic, url in world.webhooks() if url == HOOK)


def test_registering_twice_is_registering_once(world):
    world.connect().ensure_webhooks(HOOK, SECRET)
    first = ours(world)
    assert first
    assert len(first) == len(set(first))
    world.connect().ensure_webhooks(HOOK, SECRET)
    assert ours(world) == first


def test_what_is_registered_is_not_written_again(world):
    world.connect().ensure_webhooks(HOOK, SECRET)
    before = len(world.wire.exchanges)
    world.connect().ensure_webhooks(HOOK, SECRET)
    assert not [one for one in world.wire.exchanges[before:] if world.is_write(one.request)]


def test_what_is_missing_or_disabled_is_mended(world):
    world.connect().ensure_webhooks(HOOK, SECRET)
    first = ours(world)
    world.lose_webhook(HOOK)
    assert ours(world) != first
    world.connect().ensure_webhooks(HOOK, SECRET)
    assert ours(world) == first


def test_a_lost_answer_registers_nothing_twice(world):
    world.wire.cut(when=world.is_write)
    try:
        world.connect().ensure_webhooks(HOOK, SECRET)
    except Exception as error:
        assert type(error).__name__ == "Unavailable"
    world.connect().ensure_webhooks(HOOK, SECRET)
    assert len(ours(world)) == len(set(ours(world))) > 0


def test_registrations_of_others_are_left_alone(world):
    world.connect().ensure_webhooks(OTHER, SECRET)
    others = [hook for hook in world.webhooks() if hook[1] == OTHER]
    world.connect().ensure_webhooks(HOOK, SECRET)
    world.connect().remove_webhooks(HOOK)
    assert ours(world) == []
    assert [hook for hook in world.webhooks() if hook[1] == OTHER] == others


def test_removing_twice_is_removing_once(world):
    world.connect().ensure_webhooks(HOOK, SECRET)
    world.connect().remove_webhooks(HOOK)
    world.connect().remove_webhooks(HOOK)
    assert ours(world) == []


def test_removed_registrations_can_be_made_again(world):
    world.connect().ensure_webhooks(HOOK, SECRET)
    first = ours(world)
    world.connect().remove_webhooks(HOOK)
    world.connect().ensure_webhooks(HOOK, SECRET)
    assert ours(world) == first
