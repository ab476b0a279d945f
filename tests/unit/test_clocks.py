"""Other people's clocks and patience: what can't be a time is none, and nobody makes us wait for longer than an hour."""

from __future__ import annotations

import json
import math
import time
from datetime import datetime, timedelta, timezone

import pytest

from order_channel_mapping.connectors.base import Login, Ports, RateLimited
from order_channel_mapping.connectors.pacing import MAX_WAIT, Pace
from order_channel_mapping.connectors.shopify_client import ShopifyClient
from order_channel_mapping.connectors.transport import Response, Transport, parse_http_date, retry_after_seconds
from order_channel_mapping.connectors.values import epoch, real_number
from tests.marketplaces.base import Reply
from tests.ports import MemoryPort

SENT = "Mon, 02 Nov 2026 09:30:00 GMT"
#: what can't be a number of seconds, nor a moment
ODD = (math.nan, True, False, None, "", "soon", [], {}, "12:30", object())


# -- dates ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Fri, 31 Dec 9999 23:59:59 -1400",  # later than there is time
        "Mon, 99 Nov 2026 09:30:00 GMT",
        "Mon, 02 Nov 2026 09:30:00 +99999999999999",
        "Mon, 02 Nov 99999999999999999999 09:30:00 GMT",
        "x" * 1_000,
        "",
        None,
    ],
)
def test_a_date_that_cant_be_read_is_none(text):
    assert parse_http_date(text) is None
    assert retry_after_seconds(text) is None


@pytest.mark.parametrize("text", ["Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 0100 00:00:00 GMT"])
def test_a_server_whose_clock_was_never_set_has_none(text):
    answer = Response(200, {"Date": text}, b"", 1.0)
    assert (answer.date, answer.asked_at) == (None, None)


@pytest.mark.parametrize(
    "date", ["Fri, 31 Dec 9999 23:59:59 GMT", "Wed, 01 Jan 3000 00:00:00 GMT", "Fri, 31 Dec 1999 23:59:59 GMT"]
)
def test_a_clock_that_was_never_set_is_none(date):
    assert Response(200, {"Date": date}, b"", 1.0).asked_at is None


def test_a_far_date_is_a_date():
    answer = Response(200, {"Date": "Tue, 31 Dec 2999 23:59:59 GMT"}, b"", 1.0)
    assert answer.asked_at == datetime(2999, 12, 31, 23, 59, 58, tzinfo=timezone.utc)


# -- patience ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("inf", MAX_WAIT),
        ("Infinity", MAX_WAIT),
        ("1e400", MAX_WAIT),
        ("9" * 500, MAX_WAIT),
        ("86400", MAX_WAIT),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT),
        ("-inf", 0.0),
        ("nan", None),
        ("-1e400", 0.0),
        ("3599.5", 3599.5),
    ],
)
def test_nobody_makes_us_wait_for_longer_than_an_hour(text, seconds):
    assert retry_after_seconds(text) == seconds


@pytest.mark.parametrize("said", ["inf", "1e400", "86400", "Fri, 31 Dec 9999 23:59:59 GMT"])
@pytest.mark.parametrize("status", [429, 503])
def test_a_marketplace_that_wants_rest_for_ever_is_asked_again_in_an_hour(scripted, pace, status, said):
    server = scripted(Reply(status, {}, {"Retry-After": said, "Date": SENT}), Reply(200, {}))
    there = Transport(server.url, allow_insecure=True, pace=Pace(pace))
    with pytest.raises(RateLimited) as caught:
        there.request("GET", "/")
    ahead = (caught.value.retry_at - datetime.now(timezone.utc)).total_seconds()
    assert MAX_WAIT - 5 < ahead <= MAX_WAIT
    assert Pace(pace).blocked_seconds() <= MAX_WAIT


@pytest.mark.parametrize("kept", [*ODD[:-1], math.inf, -math.inf, 1e300, 10**400, -5, "1e400", "nan"])
def test_a_kept_wait_that_cant_be_one_is_ignored(kept):
    pace = Pace(MemoryPort(blocked_until=kept))
    assert pace.blocked_seconds() == 0
    pace.block(10)
    assert 9 < pace.blocked_seconds() <= 10


def test_a_kept_wait_that_is_further_away_than_any_is_ignored():
    now = time.time()
    assert Pace(MemoryPort(blocked_until=now + 86_400)).blocked_seconds() == 0
    assert MAX_WAIT - 5 < Pace(MemoryPort(blocked_until=now + MAX_WAIT)).blocked_seconds() <= MAX_WAIT


@pytest.mark.parametrize("state", [[], "text", 7, None])
def test_a_kept_pace_that_is_none_is_empty(state):
    port = MemoryPort()
    port.get = lambda: state
    assert Pace(port).state == {}


@pytest.mark.parametrize("value", ODD)
def test_what_is_no_number(value):
    assert real_number(value) is None


def test_numbers_as_json_has_them():
    assert [real_number(value) for value in (3, 1.5, "2.5", 0, -1)] == [3.0, 1.5, 2.5, 0.0, -1.0]


# -- Shopify's bucket -------------------------------------------------------------------------------------------------


@pytest.fixture
def bucket(connect, pace):
    """The client of a connector whose pace was kept with these values."""

    def make(**state):
        pace.state = state
        return connect()._client

    return make


@pytest.mark.parametrize("odd", [*ODD[:-1], math.inf, -math.inf, -1, 0])
@pytest.mark.parametrize("name", ["available", "rate", "maximum", "at"])
def test_a_bucket_with_an_odd_value_makes_nobody_wait_for_ever(bucket, name, odd):
    good = {"available": 50.0, "rate": 50.0, "maximum": 1000.0, "at": time.time()}
    client = bucket(**{**good, name: odd})
    try:
        client._wait_for_points(60.0)
    except RateLimited as limited:
        assert limited.retry_at <= datetime.now(timezone.utc) + timedelta(seconds=MAX_WAIT)


@pytest.mark.parametrize("odd", [*ODD[:-1], math.inf, -math.inf, -1, 0, 1e-300])
@pytest.mark.parametrize("name", ["currentlyAvailable", "maximumAvailable", "restoreRate"])
def test_a_throttled_answer_with_an_odd_value_is_asked_again_within_the_hour(scripted, name, odd):
    status = {"currentlyAvailable": 0, "maximumAvailable": 1000, "restoreRate": 50, name: odd}
    cost = {"requestedQueryCost": 100, "throttleStatus": status}
    body = {"errors": [{"extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}
    port = MemoryPort()
    client = _client(scripted(Reply(200, body)), port)
    with pytest.raises(RateLimited) as caught:
        client.execute("query Odd { shop { id } }")
    client.close()
    assert caught.value.retry_at <= datetime.now(timezone.utc) + timedelta(seconds=MAX_WAIT)
    json.dumps(port.state, allow_nan=False)


def _client(server, port) -> ShopifyClient:
    secrets = {"shop_domain": "x.myshopify.com", "access_token": "shpat_x"}
    login = Login(base_url=server.url, secrets=secrets, allow_insecure=True, auth_method="token")
    return ShopifyClient(login, Ports(MemoryPort(), port, max_wait=0.0))


# -- seconds since 1970 -----------------------------------------------------------------------------------------------


def test_a_moment_in_seconds():
    when = datetime(2026, 11, 2, 9, 30, tzinfo=timezone.utc)
    assert epoch(when.timestamp()) == epoch(str(int(when.timestamp()))) == when


@pytest.mark.parametrize("value", [*ODD, math.inf, -math.inf, -1, "-1", 10**30, "9" * 400, 1e300, "²", "1e400"])
def test_seconds_that_cant_be_a_moment(value):
    assert epoch(value) is None
