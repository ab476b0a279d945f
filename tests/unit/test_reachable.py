"""Which addresses of a server a marketplace can call."""

import pytest

from order_channel_mapping.tools.reachable import why_unreachable


@pytest.mark.parametrize(
    "url", ["https://odoo.example.com/x", "https://8.8.8.8:8443", "https://[2606:4700::1111]/", "https://shop.co.uk."]
)
def test_public_addresses(url):
    assert why_unreachable(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/x",
        "https://odoo",
        "https://odoo.local",
        "https://ODOO.LAN./",
        "https://10.0.0.4",
        "https://127.0.0.1:8069",
        "https://169.254.169.254",
        "https://[::1]",
        "https://[::ffff:192.168.1.1]",
        "http://localhost:8069",
        "https://",
        "https://[broken",
        "https://odoo.example.com:port",
        "",
    ],
)
def test_addresses_that_only_this_network_knows(url):
    assert why_unreachable(url) == "webhook_not_public"


@pytest.mark.parametrize("url", ["http://odoo.example.com", "http://8.8.8.8"])
def test_public_but_not_https(url):
    assert why_unreachable(url) == "webhook_not_https"


def test_test_servers():
    assert why_unreachable("http://127.0.0.1:8069/x", allow_insecure=True) is None
    assert why_unreachable("ftp://127.0.0.1", allow_insecure=True) == "webhook_not_public"
    assert why_unreachable("", allow_insecure=True) == "webhook_not_public"
