"""Every trouble becomes the right kind of error, so that the models know who must act and when to try again."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from order_channel_mapping.connectors import pacing
from order_channel_mapping.connectors.base import (
    AuthError,
    ConnectorError,
    RateLimited,
    Rejected,
    Unavailable,
)
from order_channel_mapping.connectors.connections import Deadline
from order_channel_mapping.connectors.records import Page, PushResult, PushStatus
from tests.contract import operations
from tests.contract.operations import OPERATIONS, READING
from tests.marketplaces.base import Reply

STATUSES = {
    401: AuthError,
    403: AuthError,
    409: Rejected,
    422: Rejected,
    500: Unavailable,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
    302: Rejected,
}
HTML = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
NOT_AN_ANSWER = {
    "html": HTML,
    "empty": b"",
    "null": b"null",
    "text": b'"Service"',
    "number": b"7",
    "another shape": b'{"message": "OK"}',
    "a list of text": b'["a", "b"]',
    "half": b'{"data": {"ord',
    "binary": b"\x1f\x8b\x00\xff\xfe",
}
PROGRAMS_WORDS = ("Traceback", "Error(", "None", "<class", "HTTPConnection", "NoneType")


@pytest.fixture(params=OPERATIONS)
def operation(request):
    return request.param


@pytest.fixture
def answered(world, operation):
    """``answered(reply)``: what becomes of the operation when every request is answered so. None where it is lacking."""
    act = operations.operation(world, operation)

    def answered(reply=None, times=float("inf")):
        world.pace.state = {}
        world.wire.straighten()
        if reply:
            world.wire.instead(reply, times=times)
        return outcome(lambda: act(world.connect()))

    return answered if act else lambda *_args, **_options: None


def outcome(act):
    """``(kind, error)``: what was raised, or the refusal among the results of a command; (None, result) of success."""
    try:
        result = act()
    except ConnectorError as error:
        return type(error), error
    for answer in result if isinstance(result, list) else [result]:
        if isinstance(answer, PushResult) and answer.status is PushStatus.FAILED:
            return (Unavailable if answer.retryable else Rejected), answer
    return None, result


def kinds(answered, replies):
    """The kind of error for each reply."""
    found = {key: answered(reply) for key, reply in replies.items()}
    return {key: result[0] for key, result in found.items() if result}


def test_statuses(world, answered):
    """In the marketplace's own words. Messages are for people: a sentence, with no program's words in it."""
    found = {status: answered(world.refusal(status)) for status in STATUSES}
    found = {status: result for status, result in found.items() if result}
    assert {status: kind for status, (kind, _error) in found.items() if kind is not STATUSES[status]} == {}
    for _kind, error in found.values():
        assert len(error.message) > 15
        assert error.message[0].isupper()
        assert not any(word in error.message for word in PROGRAMS_WORDS), error.message


def test_statuses_of_something_in_front(world, answered):
    """A page for people, as firewalls and hosts send whatever was asked; or JSON that is not the marketplace's."""
    right = {401: AuthError, 403: AuthError, 503: Unavailable, **world.in_front}
    for body, headers in (({"problem": "No."}, {}), (HTML, {"Content-Type": "text/html"})):
        found = kinds(answered, {status: Reply(status, body, headers) for status in right})
        assert {status: kind for status, kind in found.items() if kind is not right[status]} == {}


def test_nothing_there(world, answered):
    """404: the record is not there, or nothing of this marketplace is at this address. Never a fault that passes."""
    assert set(kinds(answered, {404: world.refusal(404)}).values()) <= {Rejected, AuthError}


def test_an_answer_that_is_none(answered):
    """A 200 with something else in it is not taken for success, nor for an empty list."""
    found = kinds(answered, {name: Reply(200, body) for name, body in NOT_AN_ANSWER.items()})
    assert [name for name, kind in found.items() if not kind] == [], "taken for success"


def test_no_answer_in_time(world, answered, monkeypatch):
    start = Deadline.start
    monkeypatch.setattr(Deadline, "start", lambda deadline, seconds: start(deadline, 0.05))
    world.simulator.fault("timeout", times=50)
    found = answered()
    world.simulator.clear_faults()
    assert found is None or (found[0], found[1].code) == (Unavailable, "timeout")


def test_an_answer_that_breaks_off(world, operation, answered):
    world.simulator.fault("cut", times=50)
    found = answered()
    world.simulator.clear_faults()
    assert found is None or (found[0], found[1].code) == (Unavailable, "cut")


def test_nobody_there(world, answered, monkeypatch):
    monkeypatch.setattr(type(world.simulator), "url", "http://127.0.0.1:1")
    found = answered()
    monkeypatch.undo()
    assert found is None or (found[0], found[1].sent) == (Unavailable, False)


def test_asked_to_wait_too_long(answered, slept):
    for status in (429, 503):
        found = answered(Reply(status, {"message": "Slow down."}, {"Retry-After": "300"}))
        if not found:
            continue
        kind, error = found
        assert kind is RateLimited
        assert error.retry_at.tzinfo is not None
        ahead = error.retry_at - datetime.now(timezone.utc)
        assert timedelta(seconds=270) < ahead <= timedelta(seconds=300)
        assert sum(slept) <= 3.0


def test_a_fault_that_passes_is_got_over(operation, answered):
    """What only reads is asked again at once; a command may be left to the outbox."""
    found = answered(Reply(502), times=1)
    assert found is None or found[0] is None or (operation not in READING and found[0] is Unavailable)


# -- failures that hide inside a 200 ----------------------------------------------------------------------------------


def _codes(result):
    for answer in result if isinstance(result, list) else [result]:
        if isinstance(answer, Page):
            yield from (failure.code for failure in answer.failures)
        elif answer.status is not PushStatus.OK:
            assert answer.message
            yield answer.code


def test_failures_that_look_like_success(world):
    hidden = world.hidden()
    assert len(hidden) >= 3
    for name, case in hidden.items():
        world.wire.straighten()
        world.simulator.clear_faults()
        case.arrange()
        connector = world.connect()
        try:
            result = case.act(connector)
        except ConnectorError as error:
            assert case.error and isinstance(error, case.error), f"{name}: {error!r}"
        else:
            assert case.code in list(_codes(result)), f"{name}: {result!r:.300}"


# -- being asked too often --------------------------------------------------------------------------------------------


def test_a_short_wait_is_sat_out(world, slept):
    ref = world.add_item()
    for form in world.throttles():
        slept.clear()
        world.throttle(form, seconds=2, times=1)
        (page,) = world.connect().iter_items()
        assert [record.external_id for record in page.records] == [ref], form
        assert sum(slept) == pytest.approx(2, abs=0.6), form
        world.pace.state = {}


def test_a_long_wait_is_left_to_a_later_pass(world, slept):
    for form in world.throttles():
        slept.clear()
        world.throttle(form, seconds=60, times=1)
        with pytest.raises(RateLimited) as caught:
            list(world.connect().iter_orders())
        ahead = caught.value.retry_at - datetime.now(timezone.utc)
        assert timedelta(seconds=30) < ahead <= timedelta(seconds=61), form
        assert slept == []
        world.pace.state = {}


def test_the_next_pass_and_other_workers_heed_it(world):
    """What a marketplace asked for is kept in the port: nobody calls before the time has come."""
    for form in world.throttles():
        world.throttle(form, seconds=60, times=1)
        with pytest.raises(RateLimited):
            list(world.connect().iter_orders())
        made = len(world.wire.exchanges)
        with pytest.raises(RateLimited) as caught:
            list(world.connect().iter_items())
        assert len(world.wire.exchanges) == made, f"{form}: called although it was asked not to"
        assert caught.value.retry_at > datetime.now(timezone.utc) + timedelta(seconds=30)
        world.pace.state = {}


def test_the_pass_after_the_wait_goes_on(world, monkeypatch):
    world.throttle(next(iter(world.throttles())), seconds=60, times=1)
    with pytest.raises(RateLimited):
        list(world.connect().iter_orders())
    moment = datetime.now(timezone.utc).timestamp() + 61
    monkeypatch.setattr(pacing.time, "time", lambda: moment)
    assert len(list(world.connect().iter_orders())) == 1


def test_waiting_ends_within_the_patience_of_a_pass(world, slept):
    for form in world.throttles():
        slept.clear()
        world.throttle(form, seconds=1, times=50)
        with pytest.raises(RateLimited):
            list(world.connect(max_wait=3.0).iter_orders())
        assert sum(slept) <= 3.0
        world.simulator.clear_faults()
        world.pace.state = {}


def test_pace_is_plain_data(world):
    """It is kept as JSON."""
    for form in world.throttles():
        world.throttle(form, seconds=60, times=1)
        with pytest.raises(RateLimited):
            list(world.connect().iter_orders())
        kept = world.pace.get()
        assert kept
        assert json.loads(json.dumps(kept)) == kept
