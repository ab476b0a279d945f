"""The connector's GraphQL documents against Shopify's own schema."""

from __future__ import annotations

import re

import pytest
from graphql import NoDeprecatedCustomRule, TypeInfo, TypeInfoVisitor, Visitor, get_named_type, parse, validate, visit

from order_channel_mapping.connectors import shopify, shopify_auth, shopify_documents, shopify_stock
from order_channel_mapping.connectors.shopify_documents import DOCUMENTS
from tests.marketplaces import catalogue
from tests.marketplaces.shopify import VERSION, ShopifySimulator
from tests.marketplaces.shopify_graphql import Executor

#: mutations that take an idempotency key must have one from 2026-04 on
IDEMPOTENT = {"inventorySetQuantities", "inventoryActivate"}


def test_all_documents_are_listed():
    names = {name for name in vars(shopify_documents) if name.isupper() and name[0] != "_"}
    texts = {name for name in names if isinstance(getattr(shopify_documents, name), str)} - {"API_VERSION"}
    assert texts <= DOCUMENTS.keys()
    assert {
        "ORDERS",
        "VARIANTS",
        "CHANGED_PRODUCTS",
        "SET_QUANTITIES",
        "FULFILL",
        "ACTIVATE",
        "SUBSCRIBE",
    } <= DOCUMENTS.keys()


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_valid(schema, name):
    assert validate(schema, parse(DOCUMENTS[name])) == []


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_asks_for_nothing_that_is_going_away(schema, name):
    assert validate(schema, parse(DOCUMENTS[name]), [NoDeprecatedCustomRule]) == []


@pytest.mark.parametrize("name", ["VARIANTS", "CHANGED_PRODUCTS", "MORE_VARIANTS"])
def test_a_document_that_asks_for_one_location_is_valid(schema, introspection, name):
    document = shopify_documents.at_location(DOCUMENTS[name], "gid://shopify/Location/1")
    assert document != DOCUMENTS[name]
    assert validate(schema, parse(document)) == []
    assert validate(schema, parse(document), [NoDeprecatedCustomRule]) == []
    for place, note in needs(schema, introspection, document).items():
        assert set(re.findall(r"`((?:read|write)_\w+)`", note)) & shopify_auth.SCOPES.keys(), f"{place} needs {note}"


@pytest.mark.parametrize("count", [1, shopify_stock.ACTIVATIONS])
def test_documents_that_are_made_are_valid_at_any_size(schema, count):
    assert validate(schema, parse(shopify_documents.activate_document(count))) == []
    assert validate(schema, parse(shopify_documents.subscribe_document(list(shopify.TOPICS[:count])))) == []


def test_mutations_carry_their_keys():
    for name, text in DOCUMENTS.items():
        for mutation in IDEMPOTENT:
            assert text.count(f"{mutation}(") == len(re.findall(rf"{mutation}\([^@]*@idempotent\(key: \$", text)), name


class _Needs(Visitor):
    """Collects the access notes of every type and field that a document touches."""

    def __init__(self, info: TypeInfo, notes: dict):
        super().__init__()
        self.info, self.notes, self.found = info, notes, {}

    def enter_field(self, node, *_args):
        parent, field = self.info.get_parent_type(), self.info.get_field_def()
        answered = get_named_type(field.type)
        for place in ((parent.name, node.name.value), (answered.name, None)):
            if self.notes.get(place):
                self.found[place] = self.notes[place]


def needs(schema, introspection, document):
    notes = {}
    for kind in introspection["__schema"]["types"]:
        notes[kind["name"], None] = kind.get("requiredAccess")
        notes |= {(kind["name"], field["name"]): field.get("requiredAccess") for field in kind.get("fields") or ()}
    info = TypeInfo(schema)
    visitor = _Needs(info, notes)
    visit(parse(document), TypeInfoVisitor(info, visitor))
    return visitor.found


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_the_scopes_that_are_asked_for_are_enough(schema, introspection, name):
    for place, note in needs(schema, introspection, DOCUMENTS[name]).items():
        scopes = set(re.findall(r"`((?:read|write)_\w+)`", note))
        assert not scopes or scopes & shopify_auth.SCOPES.keys(), f"{name}: {place} needs {note}"


def test_no_scope_is_asked_for_in_vain(schema, introspection):
    noted = set()
    for text in DOCUMENTS.values():
        for note in needs(schema, introspection, text).values():
            noted |= set(re.findall(r"`((?:read|write)_\w+)`", note))
    assert shopify_auth.SCOPES.keys() <= noted


def test_the_simulator_answers_as_the_schema_demands_however_it_executes(schema):
    """Fast execution and graphql-core's give the same answers to the same questions."""
    simulator = ShopifySimulator()
    catalogue.build_shop(simulator.shop, items=60, orders=40)
    orders = simulator.shop.notes["orders"]
    product = next(ref for ref, record in simulator.shop.products.items() if len(record["variantIds"]) > 1)
    variables = {"first": 50, "after": None, "query": None, "ids": orders["refunded"], "topics": None}
    refs = {
        "MORE_VARIANTS": product,
        "LOCATION_STATE": simulator.shop.locations[0]["id"],
        "MORE_FULFILLMENT_LINES": simulator.parcels(orders["shipped"][0])[0]["id"],
        "MORE_REFUND_LINES": simulator.shop.order(orders["refunded"][0])["refunds"][0]["id"],
        "MORE_FULFILLMENT_ORDER_LINES": simulator.shop.order(orders["several"][0])["fulfillmentOrders"][0]["id"],
    }
    fast = Executor(simulator.executor.resolvers, schema, strict=False)
    assert simulator.executor.strict
    compared = 0
    for name, text in DOCUMENTS.items():
        if not text.lstrip().startswith("query") or name == "JOB":
            continue
        given = {
            **variables,
            "id0": orders["refunded"][0],
            "id1": orders["several"][0],
            "id": refs.get(name, orders["partly_shipped"][0]),
        }
        answer = simulator.executor.run(text, given)
        assert "errors" not in answer, name
        assert next(iter(answer["data"].values())), name
        assert fast.run(text, given) == answer, name
        compared += 1
    assert compared > 15


def test_the_simulator_refuses_what_the_schema_does_not_know(schema):
    simulator = ShopifySimulator()
    assert "errors" in simulator.executor.run("{ shop { favouriteColour } }", {})
    assert VERSION == shopify_documents.API_VERSION
