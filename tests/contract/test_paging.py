"""Walking a list that others change meanwhile, and that a server may send wrongly: nothing is lost, nothing goes round.

Each test runs for every marketplace and every kind of fetch.
"""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from order_channel_mapping.connectors.base import ConnectorError
from tests.contract.feeds import OVERLAP, Feed, refs
from tests.contract.worlds.base import ALL_ITEMS, CHANGED_ITEMS

PAGE = 3
#: more calls than any of these walks needs
TOO_MANY = 150


@pytest.fixture(autouse=True)
def _small_pages(world, monkeypatch):
    world.small_pages(monkeypatch, PAGE)


def bounded(pages):
    """The pages, as long as there is an end to them."""
    for number, page in enumerate(pages):
        assert number < TOO_MANY, "the walk does not end"
        yield page


def test_an_empty_list_is_one_last_page(feed):
    (page,) = feed.walk(feed.world.connect())
    assert (page.records, page.failures, page.cursor) == ((), (), None)


def test_every_record_is_met_once(feed):
    known = feed.fill(8)
    pages = list(bounded(feed.walk(feed.world.connect())))
    assert len(pages) > 2
    assert sorted(refs(pages)) == sorted(known)


def test_only_the_last_page_has_no_cursor(feed):
    feed.fill(7)
    pages = list(feed.walk(feed.world.connect()))
    assert all(page.cursor for page in pages[:-1])
    assert pages[-1].cursor is None


@pytest.mark.parametrize("read", [1, 3])
def test_a_walk_that_was_killed_goes_on_in_another_process(feed, read):
    """What is met after a page by its cursor is what would have been met anyway, though nothing else was kept."""
    feed.fill(11)
    undisturbed = list(bounded(feed.walk(feed.world.connect())))
    walk = feed.walk(feed.world.connect())
    before = [next(walk) for _page in range(read)]
    walk.close()
    after = list(bounded(feed.walk(feed.world.connect(), cursor=str(before[-1].cursor))))
    assert set(refs(before)) | set(refs(after)) == set(refs(undisturbed)) == set(feed.truth())
    assert set(refs(undisturbed[read:])) <= set(refs(after))
    assert len(refs(after)) <= len(refs(undisturbed[read:])) + PAGE, "what was read is not all read again"


def test_a_walk_may_be_killed_after_every_page(feed):
    known = feed.fill(9)
    met, cursor = [], None
    for _process in range(TOO_MANY):
        page = next(feed.walk(feed.world.connect(), cursor=cursor))
        met += refs([page])
        cursor = page.cursor
        if not cursor:
            break
    assert cursor is None
    assert set(met) == set(known)


def test_a_cursor_that_nobody_understands_starts_anew(feed):
    """As after an update of the addon: reading twice is fine, missing something is not."""
    known = feed.fill(2)
    for cursor in ("garbage", "{}", "[]", '{"walk": 7}', "12", '"x"', "\u0000"):
        assert set(refs(bounded(feed.walk(feed.world.connect(), cursor=cursor)))) == set(known), cursor


def test_records_of_the_same_second_over_a_page_border(feed):
    known = [feed.add() for _index in range(3 * PAGE + 1)]
    assert set(refs(bounded(feed.walk(feed.world.connect())))) == set(known)
    since = feed.world.clock() - timedelta(seconds=1)
    assert set(refs(bounded(feed.walk(feed.world.connect(), since=since)))) == set(known)


def test_a_walk_is_killed_amid_records_of_the_same_second(feed):
    feed.fill(2)
    for _index in range(2 * PAGE):
        feed.add()
    met, cursor = set(), None
    for _process in range(TOO_MANY):
        page = next(feed.walk(feed.world.connect(), cursor=cursor))
        met |= set(refs([page]))
        cursor = page.cursor
        if not cursor:
            break
    assert met == set(feed.truth())


def test_what_changed_in_the_very_second_of_the_start_is_met(feed):
    """The start is a moment up to which all is known less the overlap: its own second belongs to the fetch."""
    if feed.kind == ALL_ITEMS:
        assert set(refs(feed.walk(feed.world.connect(), since=feed.world.clock()))) == set(feed.truth())
        return
    feed.fill(2, apart=600)
    late = feed.add()
    assert refs(feed.walk(feed.world.connect(), since=feed.world.clock() - OVERLAP)) == [late]
    assert refs(feed.walk(feed.world.connect(), since=feed.truth()[late])) == [late]


@pytest.mark.parametrize("border", [1, 2])
@pytest.mark.parametrize(
    "happens", ["edit first", "edit last", "edit unseen", "remove first", "remove last", "remove unseen", "add"]
)
def test_what_changes_while_pages_are_read_is_not_lost(feed, happens, border):
    """The classic loss: a record leaves a page that was read, everything moves up by one, and the first record of the
    next page is never seen. Or it moves into the next page, and passes for the place where the walk stood."""
    known = feed.fill(PAGE * border + 2)
    walk = bounded(feed.walk(feed.world.connect()))
    met = [ref for _page in range(border) for ref in refs([next(walk)])]
    unseen = [ref for ref in known if ref not in met]
    action, _space, which = happens.partition(" ")
    victim = {"first": met[0], "last": met[-1], "unseen": unseen[0]}.get(which)
    feed.world.clock.tick(seconds=5)
    if action == "add":
        feed.add()
    elif action == "edit":
        feed.edit(victim)
    else:
        feed.remove(victim)
    met += refs(walk)
    assert set(unseen) - set(met) == ({victim} if happens == "remove unseen" else set())


def test_a_record_that_changed_after_it_was_read_is_read_again_in_time(feed):
    """Within the walk, or by the next one from the watermark: after a pass over everything that one is of changes only."""
    known = feed.fill(8)
    walk = feed.walk(feed.world.connect())
    pages = [next(walk)]
    feed.world.clock.tick(seconds=5)
    changed = refs(pages)[0]
    feed.edit(changed)
    feed.world.clock.tick(minutes=30)
    pages += walk
    watermark = max(page.watermark for page in pages if page.watermark)
    following = Feed(feed.world, CHANGED_ITEMS if feed.kind == ALL_ITEMS else feed.kind)
    pages += bounded(following.walk(feed.world.connect(), since=watermark - OVERLAP))
    newest = {record.external_id: record.updated_at for page in pages for record in page.records}
    assert newest[changed] == feed.truth()[changed]
    assert set(newest) == set(known)


@pytest.mark.parametrize("times", [1, TOO_MANY])
def test_the_same_page_again_and_again(feed, times):
    """A cache gives the first page for the next ones too. The walk ends: whole, or with an error that says so."""
    known = feed.fill(3 * PAGE)
    feed.world.wire.stick(feed.is_page, times=times)
    connector = feed.world.connect()
    met = []
    try:
        for page in bounded(feed.walk(connector)):
            met += refs([page])
    except ConnectorError:
        assert len(met) < len(known) * 3
    else:
        assert set(met) == set(known)
    assert connector.calls < TOO_MANY


@pytest.mark.parametrize("times", [1, TOO_MANY])
def test_pages_without_records(feed, times):
    """An empty page that claims not to be the last. The walk ends: whole, or with an error that says so."""
    known = feed.fill(3 * PAGE)
    left = [times]

    def emptied(reply):
        left[0] -= 1
        return feed.world.nothing_more_to_see(reply) if left[0] >= 0 else reply

    feed.world.wire.rewrite(emptied, when=feed.is_page)
    connector = feed.world.connect()
    met = []
    try:
        met = refs(bounded(feed.walk(connector)))
    except ConnectorError:
        assert connector.calls < TOO_MANY
    else:
        assert set(met) == set(known)
        assert times == 1, "nothing but empty pages is not a complete list"


@pytest.mark.parametrize("seed", range(2))
def test_many_passes_among_many_changes_lose_nothing(feed, seed):
    """Passes that are killed, resumed or begun anew while people work: in the end every record is known as it is."""
    chance = random.Random(seed)
    clock, known, watermark, cursor, since = feed.world.clock, {}, None, None, None
    feed.fill(5, apart=1)

    def something_happens():
        clock.tick(seconds=chance.choice((0, 0, 1, 1, 30, 300)))
        there = sorted(feed.truth())
        action = chance.choice((feed.add, feed.edit, feed.edit, feed.remove))
        if action == feed.add or len(there) < 4:
            feed.add()
        else:
            action(chance.choice(there))

    def one_pass(happens):
        nonlocal watermark, cursor, since
        if not cursor:
            since = watermark and watermark - OVERLAP
        for page in bounded(feed.walk(feed.world.connect(), since=since, cursor=cursor)):
            known.update((record.external_id, record.updated_at) for record in page.records)
            cursor = page.cursor
            if page.watermark:
                assert page.watermark <= clock()
                watermark = max(filter(None, (watermark, page.watermark)))
            for _change in range(happens):
                something_happens()
            if happens and chance.random() < 0.3:
                return

    for _pass in range(8):
        one_pass(happens=chance.choice((0, 1, 2)))
        something_happens()
    clock.tick(seconds=30)
    one_pass(happens=0)  # what was left of a pass that was killed
    one_pass(happens=0)
    truth = feed.truth()
    assert {ref: known.get(ref) for ref in truth} == truth
