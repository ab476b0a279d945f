"""What a marketplace can do with this Odoo's own address."""

from __future__ import annotations

import pytest

from order_channel_mapping.tools.own_address import is_public, is_secure


@pytest.mark.parametrize("url", ["https://odoo.example.com", "https://shop.example.org:8443/x", "https://8.8.8.8"])
def test_public(url):
    assert is_public(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost:8069",
        "https://odoo",
        "https://odoo.local",
        "https://odoo.localhost",
        "https://192.168.1.5",
        "https://10.0.0.1",
        "https://127.0.0.1",
        "https://[::1]:8069",
        "https://[fd00::1]",
        "https://",
        "",
    ],
)
def test_not_public(url):
    assert not is_public(url)


def test_secure():
    assert is_secure("https://odoo.example.com")
    assert not is_secure("http://odoo.example.com")
    assert not is_secure("javascript:alert(1)")
