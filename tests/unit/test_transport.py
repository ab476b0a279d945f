"""The door to the network: what goes through, what is repeated, what is refused, and what never shows."""

from __future__ import annotations

import logging
import socket
import ssl
from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth1

from order_channel_mapping.connectors import address_guard, connections
from order_channel_mapping.connectors.base import (
    AuthError,
    BadPayload,
    RateLimited,
    Rejected,
    TokenRefused,
    Unavailable,
)
from order_channel_mapping.connectors.pacing import Pace
from order_channel_mapping.connectors.transport import Redactor, Transport, retry_after_seconds
from tests.marketplaces.base import Reply

SECRET = "shpat_very/secret+value"


@pytest.fixture
def door(scripted):
    """A transport to a server with the given replies."""

    def make(*replies, **options):
        server = scripted(*replies)
        slept = []
        made = Transport(server.url, allow_insecure=True, sleep=slept.append, **options)
        made.slept, made.server = slept, server
        return made

    return make


def test_an_answer_is_read_whole_and_counted(door):
    there = door(Reply(200, {"a": [1, 2]}))
    answer = there.request("GET", "/things", params={"page": 1})
    assert answer.json() == {"a": [1, 2]}
    assert there.calls == 1
    assert there.server.requests[0].path == "/things?page=1"
    assert answer.date is not None
    assert answer.asked_at <= answer.date


# -- repeating --------------------------------------------------------------------------------------------------------


def test_a_fault_of_the_other_side_is_asked_again_where_that_is_safe(door):
    there = door(Reply(502), Reply(500), Reply(200, {}))
    assert there.request("GET", "/").status == 200
    assert there.calls == 3
    assert len(there.slept) == 2


def test_a_fault_is_not_asked_again_for_ever(door):
    there = door(Reply(500))
    with pytest.raises(Unavailable) as caught:
        there.request("GET", "/")
    assert there.calls == 3
    assert caught.value.code == "http_500"


def test_a_command_is_not_repeated_after_it_may_have_arrived(door):
    there = door(Reply(500), Reply(200, {}))
    with pytest.raises(Unavailable) as caught:
        there.request("POST", "/")
    assert caught.value.sent
    assert there.calls == 1


def test_a_command_that_may_be_repeated_is(door):
    there = door(Reply(500), Reply(200, {}))
    assert there.request("POST", "/", idempotent=True).status == 200


def test_a_refused_connection_is_tried_again_even_for_a_command(door):
    there = door()
    there.server.stop()
    with pytest.raises(Unavailable) as caught:
        there.request("POST", "/")
    assert not caught.value.sent
    assert there.calls == 3


def test_no_answer_in_time(door):
    there = door(seconds=0.05)
    there.server.fault("timeout")
    with pytest.raises(Unavailable) as caught:
        there.request("POST", "/")
    assert (caught.value.code, caught.value.sent) == ("timeout", True)


def test_an_answer_that_breaks_off(door):
    there = door(Reply(200, {"long": "x" * 1000}))
    there.server.fault("cut")
    with pytest.raises(Unavailable) as caught:
        there.request("POST", "/")
    assert (caught.value.code, caught.value.sent) == ("cut", True)
    assert there.request("POST", "/").json() == {"long": "x" * 1000}


def test_a_break_that_the_library_does_not_notice(door):
    """As with urllib3 before 2.0."""
    answer = SimpleNamespace(
        iter_content=lambda size: iter([b"half"]),
        headers={"Content-Length": "8"},
        request=SimpleNamespace(method="GET"),
        raw=SimpleNamespace(tell=lambda: 4),
    )
    there = door()
    there._deadline.start(1.0)
    with pytest.raises(Unavailable) as caught:
        there._read(answer)
    assert (caught.value.code, caught.value.sent) == ("cut", True)


# -- waiting ----------------------------------------------------------------------------------------------------------


def test_a_short_wait_is_slept_then_asked_again(door):
    there = door(Reply(429, headers={"Retry-After": "2"}), Reply(200, {}))
    assert there.request("POST", "/").status == 200
    assert there.slept == [2.0]


def test_a_date_to_wait_for_is_on_the_servers_clock(door):
    sent = "Mon, 02 Nov 2026 09:30:00 GMT"
    there = door(Reply(503, headers={"Date": sent, "Retry-After": "Mon, 02 Nov 2026 09:30:02 GMT"}), Reply(200, {}))
    there.request("POST", "/")
    assert there.slept == [2.0]


def test_a_long_wait_is_left_to_the_next_pass(door):
    there = door(Reply(429, headers={"Retry-After": "120"}))
    with pytest.raises(RateLimited) as caught:
        there.request("GET", "/")
    ahead = caught.value.retry_at - datetime.now(timezone.utc)
    assert timedelta(seconds=115) < ahead <= timedelta(seconds=120)
    assert there.slept == []
    assert there.calls == 1


def test_patience_is_for_the_whole_pass(door):
    throttled = Reply(429, headers={"Retry-After": "2"})
    there = door(throttled, Reply(200, {}), throttled, max_wait=3.0)
    there.request("GET", "/")
    with pytest.raises(RateLimited):
        there.request("GET", "/")
    assert there.slept == [2.0]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("Mon, 02 Nov 2020 09:30:00 GMT", 0.0),
    ],
)
def test_retry_after(text, seconds):
    assert retry_after_seconds(text) == seconds


# -- refusals ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (401, TokenRefused, "auth"),
        (403, AuthError, "auth"),
        (404, Rejected, "not_found"),
        (422, Rejected, "http_422"),
        (302, Rejected, "redirect"),
        (408, Unavailable, "http_408"),
        (503, Unavailable, "http_503"),
    ],
)
def test_statuses(door, status, error, code):
    with pytest.raises(error) as caught:
        door(Reply(status, {"why": "because"})).request("POST", "/")
    assert caught.value.code == code
    assert isinstance(caught.value, TokenRefused) == (status == 401)  # another token helps against nothing else


def test_a_refusal_that_the_caller_reads_itself(door):
    there = door(Reply(400, {"error": "invalid_grant"}))
    answer = there.request("POST", "/", expect=(400, 401))
    assert (answer.status, answer.json(), there.calls) == (400, {"error": "invalid_grant"}, 1)
    with pytest.raises(Rejected):
        there.request("POST", "/", expect=(401,))


def test_redirects_are_not_followed(door, scripted):
    elsewhere = scripted(Reply(200, {}))
    there = door(Reply(307, headers={"Location": elsewhere.url}))
    with pytest.raises(Rejected):
        there.request("POST", "/", json={"token": SECRET})
    assert elsewhere.count() == 0


def test_too_much_is_not_read(door):
    with pytest.raises(BadPayload) as caught:
        door(Reply(200, b"x" * 5000), max_bytes=1000).request("GET", "/")
    assert caught.value.code == "too_large"


def test_an_answer_that_is_no_json(door):
    with pytest.raises(BadPayload):
        door(Reply(200, b"<html>")).request("GET", "/").json()


# -- addresses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 ::1 :: fe80::1 fe80::1%eth0"
    " fc00::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: ff02::1"
    # compatible, translated, translated by a network of one's own, into a network of IPv4, outside of what is given out
    " ::7f00:1 ::a9fe:a9fe ::ffff:0:127.0.0.1 ::ffff:0:a00:1 64:ff9b:1::7f00:1 64:ff9b:1:7f:0:100::"
    " 2606:4700::5efe:7f00:1 2606:4700::200:5efe:a00:1 2001:0:7f00:1:: fec0::1 3fff::1 100::1 5f00::1".split(),
)
def test_addresses_of_no_marketplace(address):
    assert not address_guard.is_public(address)


@pytest.mark.parametrize(
    "address",
    "23.227.38.74 2606:4700::1111 ::ffff:23.227.38.74 64:ff9b::23.227.38.74 64:ff9b:1::23.227.38.74"
    " ::ffff:0:23.227.38.74 2002:17e3:264a::1 2606:4700::5efe:17e3:264a".split(),
)
def test_addresses_of_marketplaces(address):
    assert address_guard.is_public(address)


def _resolve_to(monkeypatch, *answers):
    """Names resolve to the first list of addresses, then to the next."""
    left = list(answers)

    def getaddrinfo(host, port, *args, **kwargs):
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(connections.socket, "getaddrinfo", getaddrinfo)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["10.0.0.5"], ["23.227.38.74", "192.168.0.1"]])
def test_a_name_that_leads_inside_is_refused(monkeypatch, addresses):
    _resolve_to(monkeypatch, addresses)
    with pytest.raises(Rejected) as caught:
        Transport("https://shop.example.com").request("GET", "/")
    assert caught.value.code == "private_address"


def test_an_address_that_leads_inside_is_refused():
    with pytest.raises(Rejected) as caught:
        Transport("https://127.0.0.1:1").request("GET", "/")
    assert caught.value.code == "private_address"


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    """A name that leads outside when it is checked and inside a moment later."""
    _resolve_to(monkeypatch, ["23.227.38.74"], ["127.0.0.1"])
    connected = []

    def create_connection(address, *args, **kwargs):
        connected.append(address)
        raise OSError("no network here")

    monkeypatch.setattr("urllib3.util.connection.create_connection", create_connection)
    with pytest.raises(Rejected) as caught:  # the second attempt, after the first could not connect
        Transport("https://shop.example.com", sleep=lambda _seconds: None).request("POST", "/")
    assert caught.value.code == "private_address"
    assert connected == [("23.227.38.74", 443)]


@pytest.fixture
def tls_server(scripted, tmp_path, monkeypatch):
    """An https server that is the true shop.example.com as far as its certificate goes."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example.com")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example.com")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "certificate.pem"
    plain = serialization.NoEncryption()
    pem.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    server = scripted(Reply(200, {}))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server._server.socket = context.wrap_socket(server._server.socket, server_side=True)
    _resolve_to(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr(address_guard, "is_public", lambda address: True)
    server.port, server.authority = server._server.server_address[1], str(pem)
    return server


def test_a_pinned_connection_is_still_checked_for_its_name(tls_server):
    there = Transport(f"https://shop.example.com:{tls_server.port}", sleep=lambda _seconds: None)
    there._open().verify = tls_server.authority
    assert there.request("GET", "/").status == 200
    assert tls_server.requests[0].headers["Host"] == f"shop.example.com:{tls_server.port}"
    other = Transport(f"https://other.example.com:{tls_server.port}", sleep=lambda _seconds: None)
    other._open().verify = tls_server.authority
    with pytest.raises(Unavailable) as caught:
        other.request("GET", "/")
    assert (caught.value.code, caught.value.sent) == ("tls", False)


def test_a_name_that_does_not_resolve(monkeypatch):
    def getaddrinfo(*args, **kwargs):
        raise socket.gaierror("unknown")

    monkeypatch.setattr(connections.socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unavailable) as caught:
        Transport("https://shop.example.com", sleep=lambda _seconds: None).request("GET", "/")
    assert (caught.value.code, caught.value.sent) == ("unreachable", False)


@pytest.mark.parametrize(
    "url", ["http://shop.example.com", "ftp://x.example.com", "https://", "https://user:pass@x.example.com"]
)
def test_addresses_that_are_not_taken(url):
    with pytest.raises(Rejected):
        Transport(url)


def test_http_is_for_test_servers_only(scripted):
    server = scripted()
    with pytest.raises(Rejected) as caught:
        Transport(server.url)
    assert caught.value.code == "not_https"
    assert Transport(server.url, allow_insecure=True).request("GET", "/").status == 200


# -- secrets ----------------------------------------------------------------------------------------------------------


def test_no_secret_in_errors_logs_or_reprs(door, caplog):
    caplog.set_level(logging.DEBUG)
    there = door(
        Reply(400, {"you sent": SECRET}),
        Reply(401, {"bad token": SECRET}),
        Reply(200, {}),
        headers={"X-Token": SECRET},
        secrets=(SECRET,),
    )
    said = [repr(there), repr(there.redact)]
    for _call in range(2):
        with pytest.raises((Rejected, AuthError)) as caught:
            there.request("POST", "/", json={"key": SECRET})
        said += [str(caught.value), repr(caught.value)]
        assert caught.value.__cause__ is None
    said.append(repr(there.request("POST", "/", json={"key": SECRET})))
    there.server.stop()
    with pytest.raises(Unavailable) as caught:
        there.request("POST", "/", json={"key": SECRET})
    said.append(str(caught.value))
    assert caught.value.__cause__ is None, "the network's own error carries the request with its headers"
    logged = [record.getMessage() for record in caplog.records]
    assert any("POST / -> 200" in line for line in logged), "the transport logs its calls"
    assert SECRET not in "\n".join(said + logged)
    assert SECRET in there.server.requests[0].headers["X-Token"]


@pytest.mark.parametrize("where", [{"path": f"/{SECRET}"}, {"path": "/", "params": {"key": SECRET}}])
def test_a_secret_never_travels_in_an_address(door, where):
    there = door(secrets=(SECRET,))
    with pytest.raises(ValueError, match="address"):
        there.request("POST", **where)
    assert there.server.count() == 0


def test_secrets_are_redacted_as_they_travel():
    redact = Redactor((SECRET, None, ""))
    assert redact(f"a {SECRET} b shpat_very%2Fsecret%2Bvalue c") == "a *** b *** c"
    assert redact("c2hwYXRfdmVyeS9zZWNyZXQrdmFsdWU=") == "***"
    assert redact("new-token") == "new-token"
    redact.learn("new-token", None)
    assert redact(f"new-token {SECRET}") == "*** ***"


def test_auth_objects_sign_requests(door):
    basic = door(auth=HTTPBasicAuth("ck", "cs"))
    basic.request("GET", "/")
    assert basic.server.requests[0].headers["Authorization"] == "Basic Y2s6Y3M="
    signed = door(auth=OAuth1("client", "secret", "token", "token-secret", signature_method="HMAC-SHA256"))
    signed.request("GET", "/")
    header = signed.server.requests[0].headers["Authorization"]
    assert 'oauth_signature_method="HMAC-SHA256"' in header


def test_the_environment_does_not_lead_requests_elsewhere(door, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert door(Reply(200, {})).request("GET", "/").status == 200


def test_closing_twice_is_fine(door):
    there = door(Reply(200, {}))
    there.request("GET", "/")
    there.close()
    there.close()
    assert there.request("GET", "/").status == 200


# -- what the next pass knows -----------------------------------------------------------------------------------------


def test_a_request_to_wait_is_heeded_by_the_next_pass(door, pace):
    first = door(Reply(429, {}, {"Retry-After": "60"}), pace=Pace(pace))
    with pytest.raises(RateLimited):
        first.request("GET", "/a")
    second = door(Reply(200, {}), pace=Pace(pace))
    with pytest.raises(RateLimited) as caught:
        second.request("GET", "/a")
    assert (first.calls, second.calls) == (1, 0)
    assert 50 < (caught.value.retry_at - datetime.now(timezone.utc)).total_seconds() <= 60


def test_a_wait_that_was_sat_out_is_not_sat_out_again(door, pace):
    there = door(Reply(429, {}, {"Retry-After": "1"}), Reply(200, {}), pace=Pace(pace))
    there.request("GET", "/a")
    there.request("GET", "/b")
    assert there.slept == [1.0]
