"""Tokens that expire: renewed in time, once for all workers, and never lost when somebody dies in between."""

from __future__ import annotations

import threading
import time
from datetime import timedelta

import pytest

from order_channel_mapping.connectors import tokens
from order_channel_mapping.connectors.base import AuthError, BadPayload, RateLimited, Unavailable
from order_channel_mapping.connectors.tokens import FixedToken, TokenKeeper, TokenSet
from tests.ports import MemoryPort


@pytest.fixture(autouse=True)
def now(monkeypatch, clock):
    monkeypatch.setattr(tokens, "utcnow", clock)
    return clock


class Marketplace:
    """Gives tokens of an hour, and a new refresh token for each old one, which then is worth nothing any more."""

    def __init__(self, clock, rotates=True):
        self.clock = clock
        self.rotates = rotates
        self.count = 0
        self.refresh_token = "r0"
        self.trouble = None

    def renew(self, refresh_token):
        if self.trouble:
            raise self.trouble
        if refresh_token != self.refresh_token:
            raise AuthError("gone", "revoked")
        self.count += 1
        self.refresh_token = f"r{self.count}" if self.rotates else refresh_token
        answer = {"access_token": f"a{self.count}", "expires_in": 3600}
        if self.rotates:
            answer["refresh_token"] = self.refresh_token
        return TokenSet.from_answer(answer, self.clock())


@pytest.fixture
def market(clock):
    return Marketplace(clock)


@pytest.fixture
def port(clock):
    expires_at = clock() + timedelta(hours=1)
    return MemoryPort(**TokenSet("a0", "r0", expires_at, clock() + timedelta(days=90)).stored())


def test_a_good_token_is_used_as_it_is(port, market):
    keeper = TokenKeeper(port, market.renew)
    assert [keeper.access_token() for _index in range(3)] == ["a0"] * 3
    assert (market.count, port.writes) == (0, 0)


@pytest.mark.parametrize(("seconds", "token"), [(3539, "a0"), (3540, "a1"), (9999, "a1")])
def test_a_token_is_renewed_a_minute_before_its_end(port, market, clock, seconds, token):
    clock.tick(seconds=seconds)
    assert TokenKeeper(port, market.renew).access_token() == token
    assert (port.get("access_token"), port.get("refresh_token")) == (token, f"r{token[1]}")


def test_a_keeper_renews_again_in_a_long_pass(port, market, clock):
    keeper = TokenKeeper(port, market.renew)
    seen = []
    for _hour in range(3):
        seen.append(keeper.access_token())
        clock.tick(minutes=61)
    assert seen == ["a0", "a1", "a2"]


def test_what_was_given_is_kept_before_it_is_used(port, market, clock):
    clock.tick(hours=2)
    port.put = lambda **_tokens: (_ for _ in ()).throw(RuntimeError("the database is gone"))
    with pytest.raises(RuntimeError):
        TokenKeeper(port, market.renew).access_token()
    assert market.count == 1


def test_a_worker_uses_what_another_has_just_renewed(port, market, clock):
    clock.tick(hours=2)
    late = TokenKeeper(port, market.renew)
    real = port.lock

    def lock():  # while this one waits for the lock, another renews
        port.lock = real
        TokenKeeper(port, market.renew).access_token()
        return real()

    port.lock = lock
    assert late.access_token() == "a1"
    assert market.count == 1


def test_many_workers_renew_once(port, market, clock):
    clock.tick(hours=2)
    together, seen = threading.Barrier(8), []

    def renew(refresh_token):
        time.sleep(0.02)  # a marketplace takes its time, so that the others come meanwhile
        return market.renew(refresh_token)

    def work():
        together.wait(5)
        seen.append(TokenKeeper(port, renew).access_token())

    workers = [threading.Thread(target=work) for _index in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(5)
    assert seen == ["a1"] * 8
    assert (market.count, port.writes) == (1, 1)


def test_a_refused_token_is_renewed_although_it_should_be_good(port, market):
    keeper = TokenKeeper(port, market.renew)
    assert keeper.renewed(keeper.access_token()) == "a1"
    assert keeper.access_token() == "a1"


def test_a_refused_token_that_another_replaced_meanwhile(port, market):
    slow, quick = TokenKeeper(port, market.renew), TokenKeeper(port, market.renew)
    old = slow.access_token()
    assert quick.renewed(quick.access_token()) == "a1"
    assert slow.renewed(old) == "a1"
    assert market.count == 1


@pytest.mark.parametrize("trouble", [Unavailable("down", sent=True), RateLimited("later")])
def test_the_last_minute_of_a_token_bridges_a_short_trouble(port, market, clock, trouble):
    market.trouble = trouble
    clock.tick(seconds=3570)
    keeper = TokenKeeper(port, market.renew)
    assert keeper.access_token() == "a0"
    clock.tick(seconds=30)
    with pytest.raises(type(trouble)):
        keeper.access_token()
    assert (port.get("refresh_token"), port.writes) == ("r0", 0)
    market.trouble = None
    assert keeper.access_token() == "a1"


def test_access_that_was_revoked_is_told_at_once(port, market, clock):
    market.trouble = AuthError("gone", "revoked")
    clock.tick(seconds=3570)
    with pytest.raises(AuthError) as caught:
        TokenKeeper(port, market.renew).access_token()
    assert (caught.value.code, port.get("access_token")) == ("revoked", "a0")


def test_a_marketplace_that_does_not_rotate_keeps_its_refresh_token(port, clock):
    market = Marketplace(clock, rotates=False)
    for hour in range(1, 4):
        clock.tick(hours=2)
        assert TokenKeeper(port, market.renew).access_token() == f"a{hour}"
    assert port.get("refresh_token") == "r0"
    assert port.get("refresh_expires_at")


def test_the_first_token_of_all(market):
    asked = []

    def sign_in(refresh_token):
        asked.append(refresh_token)
        return TokenSet("first")

    port = MemoryPort()
    assert TokenKeeper(port, sign_in).access_token() == "first"
    assert TokenKeeper(port, sign_in).access_token() == "first"  # it has no end
    assert asked == [None]


def test_an_entered_token_can_not_be_renewed():
    token = FixedToken("entered")
    assert token.access_token() == "entered"
    with pytest.raises(AuthError):
        token.renewed("entered")


# -- what a marketplace answers ---------------------------------------------------------------------------------------


def test_lifetimes_count_from_the_question(clock):
    answer = {"access_token": "a", "refresh_token": "r", "expires_in": "3600", "refresh_token_expires_in": 7_776_000}
    read = TokenSet.from_answer(answer, clock())
    assert read == TokenSet("a", "r", clock() + timedelta(hours=1), clock() + timedelta(days=90))
    assert TokenSet.load(MemoryPort(**read.stored())) == read


@pytest.mark.parametrize(("given", "lives"), [({}, True), ({"expires_in": None}, True), ({"expires_in": 0}, False)])
def test_no_lifetime_is_for_good_and_zero_is_none(clock, given, lives):
    read = TokenSet.from_answer({"access_token": "a", **given}, clock())
    assert read.lives(clock() + timedelta(days=999 if lives else 0)) is lives


def test_a_new_set_leaves_nothing_of_the_old_one_behind(port):
    port.put(**TokenSet("b").stored())
    assert TokenSet.load(port) == TokenSet("b")


@pytest.mark.parametrize(
    "answer",
    [
        *(None, [], {}, {"access_token": None}, {"access_token": ""}, {"access_token": 5}, {"access_token": "a\nb"}),
        {"access_token": "a", "refresh_token": ["r"]},
        {"access_token": "a", "expires_in": "soon"},
        {"access_token": "a", "expires_in": 1e300},
        {"access_token": "a", "expires_in": float("nan")},
        {"access_token": "a", "expires_in": float("inf")},
        {"access_token": "a", "expires_in": True},
        {"access_token": "a", "expires_in": 10**400},
    ],
)
def test_an_answer_without_a_usable_token(answer, clock):
    with pytest.raises(BadPayload):
        TokenSet.from_answer(answer, clock())


def test_tokens_show_in_no_representation():
    assert "secret" not in repr(TokenSet("secret-a", "secret-r"))
