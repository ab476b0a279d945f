"""The official specifications, where they are at hand."""

from __future__ import annotations

import gzip
import json

import pytest

from tests.marketplaces.shopify_graphql import official_schema, specs_folder

ABSENT = "official specs not present"


@pytest.fixture(scope="session")
def specs():
    folder = specs_folder()
    if not folder.is_dir():
        pytest.skip(ABSENT)
    return folder


@pytest.fixture(scope="session")
def introspection(specs):
    """Shopify's own introspection result of the version that the connector asks for, with the scopes it needs."""
    from order_channel_mapping.connectors.shopify_documents import API_VERSION

    with gzip.open(specs / "shopify" / f"admin_{API_VERSION}.json.gz") as file:
        return json.load(file)["data"]


@pytest.fixture(scope="session")
def schema(specs):
    from order_channel_mapping.connectors.shopify_documents import API_VERSION

    return official_schema(API_VERSION)
