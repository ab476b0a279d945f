"""Pictures of items: fetched from wherever they live, believed only by what they are."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from order_channel_mapping.connectors import pictures
from order_channel_mapping.connectors.base import BadPayload, Rejected, Unavailable
from order_channel_mapping.connectors.pictures import PictureFetcher
from order_channel_mapping.tools.pictures import UnreadablePicture, plain_picture
from tests.marketplaces import catalogue, woocommerce_catalogue
from tests.marketplaces.base import Reply
from tests.marketplaces.pictures import tile


def drawn(kind, mode="RGB", size=(4, 3)):
    out = io.BytesIO()
    Image.new(mode, size, (255, 0, 0, 128) if mode == "RGBA" else "red").save(out, kind)
    return out.getvalue()


def fetch(server, path="/a.png?v=1", **options):
    with PictureFetcher(allow_insecure=True, **options) as fetcher:
        return fetcher.fetch(server.url + path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_comes_as_it_is_without_credentials(scripted, kind):
    server = scripted(Reply(body=drawn(kind)))
    assert fetch(server) == drawn(kind)
    asked = server.requests[0]
    assert asked.path == "/a.png?v=1"
    assert not {"authorization", "cookie"} & {name.lower() for name in asked.headers}


@pytest.mark.parametrize(
    "body", [b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"<html>not here</html>", b"", b"RIFF0000WAVE"]
)
def test_what_is_no_picture_is_refused_whatever_it_says_of_itself(scripted, body):
    with pytest.raises(BadPayload) as refused:
        fetch(scripted(Reply(body=body, headers={"Content-Type": "image/png"})))
    assert refused.value.code == "bad_payload"


def test_a_picture_that_is_too_large_is_not_read_to_its_end(scripted):
    with pytest.raises(BadPayload) as refused:
        fetch(scripted(Reply(body=drawn("PNG"))), max_bytes=20)
    assert refused.value.code == "too_large"


def test_redirects_are_followed_a_few_times(scripted):
    there = scripted(Reply(body=drawn("PNG")))
    here = scripted(Reply(301, b"", {"Location": "/b.png"}), Reply(302, b"", {"Location": there.url + "/c.png"}))
    assert fetch(here) == drawn("PNG")
    assert [request.path for request in (*here.requests, *there.requests)] == ["/a.png?v=1", "/b.png", "/c.png"]
    with pytest.raises(Rejected) as refused:
        fetch(scripted(Reply(302, b"", {"Location": "/again"})))
    assert refused.value.code == "redirect"


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("https://127.0.0.1/x.png", "private_address"),
        ("https://[::1]/x.png", "private_address"),
        ("https://169.254.169.254/latest/meta-data", "private_address"),
        ("http://example.com/x.png", "not_https"),
        ("file:///etc/passwd", "bad_address"),
        ("https://user:secret@example.com/x.png", "bad_address"),
        ("", "bad_address"),
    ],
)
def test_only_public_https_addresses_are_asked(monkeypatch, location, code):
    with pytest.raises(Rejected) as refused:
        PictureFetcher().fetch(location)
    assert refused.value.code == code
    # nor by way of a redirect
    answers = [Reply(302, b"", {"Location": location})]
    real = pictures.Transport.request

    def request(self, method, path, **options):
        return answers.pop() if answers else real(self, method, path, **options)

    monkeypatch.setattr(pictures.Transport, "request", request)
    with pytest.raises(Rejected) as refused:
        PictureFetcher().fetch("https://cdn.example.com/y.png")
    assert refused.value.code == ("redirect" if not location else code)


def test_a_server_that_is_away_is_another_time(scripted):
    with pytest.raises(Unavailable):
        fetch(scripted(Reply(503, {})))
    with pytest.raises(Rejected) as refused:
        fetch(scripted(Reply(404, {})))
    assert refused.value.code == "not_found"


def test_pictures_of_one_host_share_a_connection_that_is_closed_at_the_end(scripted, monkeypatch):
    servers = [scripted(Reply(body=drawn("PNG"))) for __ in range(2)]
    opened, closed = [], []
    monkeypatch.setattr(pictures.Transport, "_open", _noted(pictures.Transport._open, opened))
    monkeypatch.setattr(pictures.Transport, "close", _noted(pictures.Transport.close, closed))
    with PictureFetcher(allow_insecure=True) as fetcher:
        for name in ("a", "b", "c"):
            for server in servers:
                fetcher.fetch(f"{server.url}/{name}.png")
        assert (len(opened), len(set(opened)), closed) == (6, 2, [])
    assert set(closed) == set(opened)


def _noted(method, calls):
    def noted(door):
        calls.append(door)
        return method(door)

    return noted


# -- as Odoo can keep it ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "becomes"), [("RGB", "JPEG"), ("RGBA", "PNG")])
def test_webp_becomes_what_small_pictures_can_be_made_of(mode, becomes):
    with Image.open(io.BytesIO(plain_picture(drawn("WEBP", mode)))) as image:
        assert (image.format, image.size) == (becomes, (4, 3))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_other_pictures_stay_byte_for_byte(kind):
    assert plain_picture(drawn(kind)) == drawn(kind)


@pytest.mark.parametrize("cut", [8, 40])
def test_a_broken_picture_is_told(cut):
    with pytest.raises(UnreadablePicture):
        plain_picture(drawn("PNG")[:cut])


def test_a_picture_of_too_many_points_is_not_unpacked():
    with pytest.raises(UnreadablePicture, match="50 megapixels"):
        plain_picture(drawn("PNG", "1", (10_000, 5_001)))


def test_the_pictures_of_a_simulated_shop_are_at_the_shop(sim, connector):
    catalogue.build_shop(sim.shop, items=40, orders=0)
    check_pictures(sim, connector)
    assert tile("a") != tile("b")


def test_the_pictures_of_a_simulated_site_are_at_the_site(woo, woo_connect):
    woocommerce_catalogue.build_shop(woo.shop, items=40, orders=0)
    check_pictures(woo, woo_connect())


def check_pictures(simulator, connector):
    pictures = {item.image_url for page in connector.iter_items() for item in page.records if item.image_url}
    assert len(pictures) > 1
    with PictureFetcher(allow_insecure=True) as fetcher:
        for url in pictures:
            assert fetcher.fetch(url) == tile(url.removeprefix(simulator.url))


NO_ADDRESSES = (
    "",
    "no address",
    "//h/p.png",
    "https://",
    "https:///p.png",
    "https://[bad/p.png",
    "https://[::1",
    "http://h:99999/p.png",
    "http://h:port/p.png",
    "https://user:secret@h/p.png",
    "https://a\0b/p.png",
    "https://a\ud800/p.png",
    "https://a b/p.png",
    f"https://{'a' * 300}.example/p.png",
    "https://.example/p.png",
    "https://h/\ud800.png",
    "data:image/png;base64,AAAA",
    "file:///p.png",
    "javascript:0",
)


@pytest.mark.parametrize("url", NO_ADDRESSES)
def test_an_address_that_is_none_is_refused(url):
    with PictureFetcher() as fetcher, pytest.raises(Rejected):
        fetcher.fetch(url)


@pytest.mark.parametrize("url", ["https://[bad/p.png", "//h:99999/p.png", "data:image/png;base64,AAAA", "https://"])
def test_a_redirect_to_an_address_that_is_none_is_refused(scripted, url):
    with pytest.raises(Rejected):
        fetch(scripted(Reply(302, b"", {"Location": url})))
