"""Executes GraphQL documents over plain dicts: strictly with graphql-core and a schema, or fast without one.

Both ways ask the same resolvers, a mapping ``(type name, field name) -> function(source, args, idempotency key)``; a
field without a resolver is the value of that name. Dicts say their type in ``__typename`` where it matters.
"""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationType,
    build_client_schema,
    execute_sync,
    parse,
    print_ast,
    validate,
    value_from_ast_untyped,
)
from graphql.language import ast

from .base import specs_folder

Resolver = Callable[[Mapping[str, Any], dict[str, Any], "str | None"], Any]
_PLAIN = {"ID": str, "String": str, "Int": int, "Boolean": bool}
ROOTS = {OperationType.QUERY: "QueryRoot", OperationType.MUTATION: "Mutation"}


class FieldFault(Exception):
    """A resolver's error: ``code`` stands in ``extensions``; the whole answer has no data then."""

    def __init__(self, message: str, code: str, **extensions: Any):
        super().__init__(message)
        self.extensions = {"code": code, **extensions}


@lru_cache(maxsize=4)
def official_schema(version: str) -> GraphQLSchema | None:
    """Shopify's own schema of a version, or None where the specifications are not at hand."""
    path = specs_folder() / "shopify" / f"admin_{version}.json.gz"
    if not path.exists():
        return None
    with gzip.open(path) as file:
        return build_client_schema(json.load(file)["data"], assume_valid=True)


@lru_cache(maxsize=256)
def _parsed(document: str) -> ast.DocumentNode:
    return parse(document)


@lru_cache(maxsize=256)
def _mistakes(schema: GraphQLSchema, document: str) -> tuple[GraphQLError, ...]:
    return tuple(validate(schema, _parsed(document)))


def _wrong_variables(tree: ast.DocumentNode, variables: Mapping[str, Any]) -> Iterator[str]:
    """What is given for variables of plain types and is not of them, without a schema."""
    operation = next(node for node in tree.definitions if isinstance(node, ast.OperationDefinitionNode))
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if not definition.default_value and not _fits(definition.type, variables.get(name)):
            yield f"Variable ${name} of type {print_ast(definition.type)} was provided invalid value"


def _fits(kind: ast.TypeNode, value: Any) -> bool:
    if isinstance(kind, ast.NonNullTypeNode):
        return value is not None and _fits(kind.type, value)
    if value is None:
        return True
    if isinstance(kind, ast.ListTypeNode):
        return isinstance(value, list) and all(_fits(kind.type, entry) for entry in value)
    return isinstance(value, _PLAIN.get(kind.name.value, object))


class Executor:
    """Runs documents with one set of resolvers.

    :param schema: documents are validated against it; None trusts them
    :param strict: let graphql-core run them too, which checks every value that is answered against the schema
    """

    def __init__(
        self, resolvers: Mapping[tuple[str, str], Resolver], schema: GraphQLSchema | None, strict: bool = True
    ):
        self.resolvers = resolvers
        self.schema = schema
        self.strict = strict and schema is not None
        self._plans: dict[int, tuple[Any, list]] = {}

    def run(self, document: str, variables: Mapping[str, Any]) -> dict[str, Any]:
        """``{"data": …}`` or ``{"errors": […]}``, as Shopify answers."""
        try:
            tree = _parsed(document)
        except GraphQLError as error:
            return _refusal(error.message, "parseError")
        if self.schema:
            for mistake in _mistakes(self.schema, document):
                return _refusal(mistake.message, "invalidDocument")
        if self.strict:
            return self._run_strictly(tree, variables)
        for mistake in _wrong_variables(tree, variables):
            return _refusal(mistake, "INVALID_VARIABLE")
        try:
            return {"data": _Projection(self, tree, variables).run()}
        except FieldFault as fault:
            return {"data": None, "errors": [{"message": str(fault), "extensions": fault.extensions}]}

    def _run_strictly(self, tree: ast.DocumentNode, variables: Mapping[str, Any]) -> dict[str, Any]:
        result = execute_sync(
            self.schema,
            tree,
            root_value={},
            variable_values=dict(variables),
            field_resolver=lambda source, info, **args: self.resolve(
                info.parent_type.name,
                info.field_name,
                source,
                args,
                idempotency_key(info.field_nodes[0], variables),
            ),
        )
        if not result.errors:
            return {"data": result.data}
        errors = []
        for error in result.errors:
            cause = error.original_error
            if cause is not None and not isinstance(cause, FieldFault | GraphQLError):
                raise cause
            errors.append({"message": error.message, "extensions": getattr(cause, "extensions", None) or {}})
        return {"data": None, "errors": errors}

    def resolve(
        self, typename: str, name: str, source: Mapping[str, Any], args: dict[str, Any], key: str | None
    ) -> Any:
        resolver = self.resolvers.get((typename, name))
        return resolver(source, args, key) if resolver else source.get(name)


class _Projection:
    """One run without a schema: the answer is what the document selects from the dicts."""

    def __init__(self, executor: Executor, tree: ast.DocumentNode, variables: Mapping[str, Any]):
        self.executor = executor
        self.tree = tree
        self.operation = next(node for node in tree.definitions if isinstance(node, ast.OperationDefinitionNode))
        self.fragments = {
            node.name.value: node for node in tree.definitions if isinstance(node, ast.FragmentDefinitionNode)
        }
        defaults = {
            definition.variable.name.value: value_from_ast_untyped(definition.default_value)
            for definition in self.operation.variable_definitions or ()
            if definition.default_value
        }
        self.variables = {**defaults, **variables}

    def run(self) -> dict[str, Any]:
        return self._select({}, ROOTS[self.operation.operation], self._plan(self.operation.selection_set))

    def _plan(self, selections: ast.SelectionSetNode) -> list:
        """The fields of a selection, fragments in their places: ``(key, name, node, plan below)``. Kept for good."""
        plans = self.executor._plans
        known = plans.get(id(selections))
        if known is None or known[0] is not selections:
            fields = []
            for node in selections.selections:
                if isinstance(node, ast.FragmentSpreadNode):
                    fields += self._plan(self.fragments[node.name.value].selection_set)
                elif isinstance(node, ast.InlineFragmentNode):
                    fields += self._plan(node.selection_set)
                else:
                    name = node.name.value
                    below = self._plan(node.selection_set) if node.selection_set else None
                    fields.append((node.alias.value if node.alias else name, name, node, below))
            known = plans[id(selections)] = (selections, fields)
        return known[1]

    def _select(self, source: Mapping[str, Any], typename: str, plan: list) -> dict[str, Any]:
        answer = {}
        resolvers = self.executor.resolvers
        for key, name, node, below in plan:
            resolver = resolvers.get((typename, name))
            if resolver:
                args = {
                    arg.name.value: value
                    for arg in node.arguments or ()
                    if (value := value_from_ast_untyped(arg.value, self.variables)) is not None
                }
                value = resolver(source, args, idempotency_key(node, self.variables) if node.directives else None)
            else:
                value = source.get(name)
            answer[key] = self._project(value, below) if below is not None and value is not None else value
        return answer

    def _project(self, value: Any, plan: list) -> Any:
        if isinstance(value, dict):
            return self._select(value, value.get("__typename", ""), plan)
        return [item and self._select(item, item.get("__typename", ""), plan) for item in value]


def idempotency_key(node: ast.FieldNode, variables: Mapping[str, Any]) -> str | None:
    """The key of an ``@idempotent`` directive on this field."""
    for directive in node.directives or ():
        if directive.name.value == "idempotent":
            return value_from_ast_untyped(directive.arguments[0].value, dict(variables))
    return None


def _refusal(message: str, code: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


# -- cost -------------------------------------------------------------------------------------------------------------


def requested_cost(document: str, variables: Mapping[str, Any]) -> int:
    """What a document could cost, about as Shopify reckons: an object one point, a mutation ten, a connection its
    children times a factor that grows with the logarithm of its length (12 for 250)."""
    try:
        tree = _parsed(document)
    except GraphQLError:  # to be refused when it is run
        return 0
    fragments = {node.name.value: node for node in tree.definitions if isinstance(node, ast.FragmentDefinitionNode)}
    operation = next(node for node in tree.definitions if isinstance(node, ast.OperationDefinitionNode))
    base = 10 * len(operation.selection_set.selections) if operation.operation is OperationType.MUTATION else 0
    return base + math.ceil(_cost(operation.selection_set, fragments, variables))


def _cost(selections: ast.SelectionSetNode, fragments: Mapping[str, Any], variables: Mapping[str, Any]) -> float:
    total = 0.0
    for node in selections.selections:
        if isinstance(node, ast.FragmentSpreadNode):
            total += _cost(fragments[node.name.value].selection_set, fragments, variables)
        elif isinstance(node, ast.InlineFragmentNode):
            total += _cost(node.selection_set, fragments, variables)
        elif node.selection_set and node.name.value != "pageInfo":
            below = _cost(node.selection_set, fragments, variables)
            args = {arg.name.value: value_from_ast_untyped(arg.value, dict(variables)) for arg in node.arguments or ()}
            count = args.get("first") or len(args.get("ids") or ())
            total += below * max(1.0, 2 * math.log(count) + 1) if count else 1 + below
    return total
