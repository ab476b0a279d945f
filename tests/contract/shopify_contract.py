"""What goes to and from Shopify against its own schema, independently of how the simulator executes.

A request must be a document that the schema knows, with variables that fit. An answer must have exactly what was asked
for, of the types that the schema says, in the spelling of Shopify's scalars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    OperationType,
    TypeNameMetaFieldDef,
    is_abstract_type,
    parse,
    validate,
)
from graphql.execution.values import get_variable_values
from graphql.language import ast

from tests.contract.wire import Exchange
from tests.marketplaces.shopify import VERSION
from tests.marketplaces.shopify_graphql import official_schema

_TEXT = re.compile(r"(?s).*")
_SCALARS = {
    "ID": re.compile(r"gid://shopify/\w+/[\w-]+"),
    "DateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    "Decimal": re.compile(r"-?\d+(\.\d+)?"),
    "Money": re.compile(r"-?\d+(\.\d+)?"),
    "URL": re.compile(r"https?://\S+"),
    "String": _TEXT,
}
_PLAIN = {"Int": int, "Float": (int, float), "Boolean": bool}


def contradictions(exchange: Exchange, path: str) -> Iterator[str]:
    """Everything about one exchange that Shopify's contract does not allow."""
    request, schema = exchange.request, official_schema(VERSION)
    if (request.method, request.path) != ("POST", path):
        yield f"{request.method} {request.path}: no such address"
        return
    headers = {name.lower(): value for name, value in request.headers.items()}
    if headers.get("content-type") != "application/json":
        yield f"a body of type {headers.get('content-type')}"
    document, variables = request.body.get("query"), request.body.get("variables")
    mistakes = _mistakes(document)
    yield from mistakes
    if mistakes:
        return
    operation, fragments = _parts(document)
    coerced = get_variable_values(schema, operation.variable_definitions, variables or {})
    if isinstance(coerced, list):
        yield from (f"variables: {error.message}" for error in coerced)
    body = exchange.body
    if exchange.reply is not None and exchange.reply.status == 200:
        yield from _envelope(body)
        if body.get("data") is not None:
            root = schema.query_type if operation.operation is OperationType.QUERY else schema.mutation_type
            check = _Check(schema, fragments)
            yield from check.object(root, [operation.selection_set], body["data"], operation.operation.value)


@lru_cache(maxsize=256)
def _mistakes(document: str) -> tuple[str, ...]:
    return tuple(error.message for error in validate(official_schema(VERSION), parse(document)))


@lru_cache(maxsize=256)
def _parts(document: str):
    tree = parse(document)
    operation = next(node for node in tree.definitions if isinstance(node, ast.OperationDefinitionNode))
    return operation, {
        node.name.value: node for node in tree.definitions if isinstance(node, ast.FragmentDefinitionNode)
    }


def _envelope(body: Any) -> Iterator[str]:
    if not isinstance(body, dict) or body.keys() - {"data", "errors", "extensions"}:
        yield f"not a GraphQL answer: {body!r:.80}"
        return
    if body.get("data") is None and not body.get("errors"):
        yield "neither data nor errors"
    for error in body.get("errors") or ():
        if not isinstance(error.get("message"), str):
            yield f"an error without a message: {error}"


def may_be_null(document: str, path: tuple[str | int, ...]) -> bool:
    """Whether Shopify may answer a document with null at a place. False where the schema is not at hand."""
    schema = official_schema(VERSION)
    if schema is None:
        return False
    operation, fragments = _parts(document)
    check = _Check(schema, fragments)
    kind, selections = schema.query_type, [operation.selection_set]
    for step in path:
        if isinstance(kind, GraphQLNonNull):
            kind = kind.of_type
        if isinstance(step, int):
            kind = kind.of_type
            continue
        if is_abstract_type(kind):  # nobody knows which
            return False
        nodes = [node for node in check.fields(kind, selections) if (node.alias or node.name).value == step]
        kind, selections = kind.fields[nodes[0].name.value].type, [node.selection_set for node in nodes]
    return not isinstance(kind, GraphQLNonNull)


class _Check:
    """Walks an answer along the document that asked for it."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, ast.FragmentDefinitionNode]):
        self.schema = schema
        self.fragments = fragments

    def object(self, kind: GraphQLObjectType, selections: list, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield f"{path}: {value!r:.40} is no {kind}"
            return
        fields: dict[str, tuple[Any, list]] = {}
        for node in self.fields(kind, selections):
            key = node.alias.value if node.alias else node.name.value
            field = TypeNameMetaFieldDef if node.name.value == "__typename" else kind.fields[node.name.value]
            below = fields.setdefault(key, (field, []))[1]
            if node.selection_set:
                below.append(node.selection_set)
        for key in fields.keys() ^ value.keys():
            yield f"{path}.{key}: {'missing' if key in fields else 'not asked for'}"
        for key in fields.keys() & value.keys():
            field, below = fields[key]
            yield from self.value(field.type, below, value[key], f"{path}.{key}")
        if value.get("__typename", kind.name) != kind.name:
            yield f"{path}: {value['__typename']!r:.40} is no {kind}"
        ref = value.get("id")
        if isinstance(ref, str) and not ref.startswith(f"gid://shopify/{kind.name}/"):
            yield f"{path}.id: {ref} is not the id of a {kind.name}"

    def fields(self, kind: GraphQLObjectType, selections: list) -> Iterator[ast.FieldNode]:
        for selection in selections:
            for node in selection.selections:
                if isinstance(node, ast.FieldNode):
                    yield node
                    continue
                if isinstance(node, ast.FragmentSpreadNode):
                    node = self.fragments[node.name.value]
                condition = node.type_condition.name.value if node.type_condition else kind.name
                wanted = self.schema.get_type(condition)
                if wanted is kind or (is_abstract_type(wanted) and self.schema.is_sub_type(wanted, kind)):
                    yield from self.fields(kind, [node.selection_set])

    def value(self, kind: Any, below: list, value: Any, path: str) -> Iterator[str]:
        if isinstance(kind, GraphQLNonNull):
            if value is None:
                yield f"{path}: null is not allowed"
                return
            kind = kind.of_type
        if value is None:
            return
        if isinstance(kind, GraphQLList):
            if not isinstance(value, list):
                yield f"{path}: {value!r:.40} is no list"
                return
            for index, entry in enumerate(value):
                yield from self.value(kind.of_type, below, entry, f"{path}.{index}")
        elif isinstance(kind, GraphQLEnumType):
            if value not in kind.values:
                yield f"{path}: {value!r} is no {kind}"
        elif isinstance(kind, GraphQLScalarType):
            if not _is_scalar(kind.name, value):
                yield f"{path}: {value!r:.60} is no {kind}"
        elif is_abstract_type(kind):
            yield from self._abstract(kind, below, value, path)
        else:
            yield from self.object(kind, below, value, path)

    def _abstract(self, kind: Any, below: list, value: Any, path: str) -> Iterator[str]:
        """The answer does not say which of the possible types it is of: it must fit one of those that are asked for."""
        possible = self.schema.get_possible_types(kind)
        found = [list(self.object(candidate, below, value, path)) for candidate in possible]
        if all(found):
            yield min(found, key=len)[0]


def _is_scalar(name: str, value: Any) -> bool:
    if name in _PLAIN:
        return isinstance(value, _PLAIN[name]) and (name == "Boolean") is isinstance(value, bool)
    return isinstance(value, str) and bool(_SCALARS[name].fullmatch(value))
