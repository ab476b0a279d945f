"""The GraphQL documents of the Shopify connector, for Admin API :data:`API_VERSION`.

Amounts are asked for in ``presentmentMoney``, the buyer's currency: the one in which an order adds up to the cent.
Nested lists are asked for in small first portions, since Shopify charges for what could come, not for what comes; what
is longer is fetched with the documents named ``MORE_…``.

This module must not import Odoo.
"""

from __future__ import annotations

import re

API_VERSION = "2026-10"

#: first portions of nested lists; a list as long as this may go on
LINES, SHIPPING_LINES, FULFILLMENTS, FULFILLMENT_ORDERS, FULFILLMENT_LINES = 10, 2, 2, 3, 5
FULFILLMENT_ORDER_LINES = 3
REFUNDS, REFUND_LINES = 5, 10
#: orders whose refunds are asked for in one call
REFUNDED = 5
#: orders whose companies are asked for in one call
BUSINESSES = 50
#: most of a list in a document of its own
MANY = 250

_MONEY = "{ presentmentMoney { amount } }"
_TAXES = f"taxLines {{ title rate channelLiable priceSet {_MONEY} }}"
_DISCOUNTS = f"discountAllocations {{ allocatedAmountSet {_MONEY} }}"
_PAGE = "pageInfo { hasNextPage endCursor }"
_ADDRESS = "{ name company address1 address2 city zip provinceCode province countryCodeV2 phone }"

IDENTIFY = """
query Identify($after: String) {
  shop { id name currencyCode ianaTimezone myshopifyDomain shopAddress { countryCodeV2 } }
  locations(first: 250, after: $after, includeInactive: true) {
    nodes { id name isActive isFulfillmentService address { countryCode } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

#: needs no scope at all, so that the missing ones can be named
GRANTED = "query Granted { currentAppInstallation { accessScopes { handle } } }"

# -- items ------------------------------------------------------------------------------------------------------------

_VARIANT = """
fragment VariantFields on ProductVariant {
  id sku barcode title displayName price updatedAt inventoryQuantity
  selectedOptions { name value }
  media(first: 1) { nodes { preview { image { url } } } }
  inventoryItem { id tracked requiresShipping }
}
"""

_PRODUCT = """
fragment ProductFields on Product {
  id title status isGiftCard updatedAt onlineStoreUrl hasOnlyDefaultVariant
  featuredMedia { preview { image { url } } }
}
"""

#: every variant, by id: the order that no change can upset
VARIANTS = (
    """
query Variants($first: Int!, $after: String, $query: String) {
  shop { currencyCode }
  productVariants(first: $first, after: $after, query: $query, sortKey: ID) {
    nodes { ...VariantFields product { ...ProductFields } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _VARIANT
    + _PRODUCT
)

#: changed products with their variants. Variants can't be sorted by change, and a product's title, status or picture
#: is no change of its variants
CHANGED_PRODUCTS = (
    """
query ChangedProducts($first: Int!, $after: String, $query: String) {
  shop { currencyCode }
  products(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes {
      ...ProductFields
      variants(first: 20) { nodes { ...VariantFields } pageInfo { hasNextPage endCursor } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _VARIANT
    + _PRODUCT
)

MORE_VARIANTS = (
    """
query MoreVariants($id: ID!, $first: Int!, $after: String) {
  product(id: $id) {
    variants(first: $first, after: $after) { nodes { ...VariantFields } pageInfo { hasNextPage endCursor } }
  }
}
"""
    + _VARIANT
)

_LOCATION = re.compile(r"gid://shopify/Location/\d+")


def at_location(document: str, location: str | None) -> str:
    """A document of variants that also asks for the quantity at one location; the document itself where it is none of
    Shopify's. A variant's own quantity is that of all locations together."""
    if not _LOCATION.fullmatch(location or ""):
        return document
    level = f'inventoryLevel(locationId: "{location}") {{ quantities(names: ["available"]) {{ quantity }} }}'
    return document.replace("inventoryItem { id ", f"inventoryItem {{ id {level} ")


# -- orders -----------------------------------------------------------------------------------------------------------

_LINE = f"""
fragment LineFields on LineItem {{
  id title variantTitle name sku quantity currentQuantity unfulfilledQuantity requiresShipping taxable isGiftCard
  variant {{ id }}
  customAttributes {{ key value }}
  originalTotalSet {_MONEY}
  {_DISCOUNTS}
  {_TAXES}
}}
"""

_SHIPPING_LINE = f"""
fragment ShippingFields on ShippingLine {{
  id title code isRemoved
  originalPriceSet {_MONEY}
  discountedPriceSet {_MONEY}
  {_DISCOUNTS}
  {_TAXES}
}}
"""

_FULFILLMENT = f"""
fragment FulfillmentFields on Fulfillment {{
  id status createdAt
  trackingInfo {{ company number url }}
  fulfillmentLineItems(first: {FULFILLMENT_LINES}) {{ nodes {{ quantity lineItem {{ id }} }} {_PAGE} }}
}}
"""

_REFUND_LINES = f"nodes {{ quantity restockType lineItem {{ id }} subtotalSet {_MONEY} totalTaxSet {_MONEY} }} {_PAGE}"
_REFUND = f"""
fragment RefundFields on Refund {{
  id createdAt note
  totalRefundedSet {_MONEY}
  refundLineItems(first: {REFUND_LINES}) {{ {_REFUND_LINES} }}
}}
"""

_FULFILLMENT_ORDER = f"""
fragment FulfillmentOrderFields on FulfillmentOrder {{
  id status requestStatus fulfillAt fulfillBy
  assignedLocation {{ location {{ id isFulfillmentService }} }}
  deliveryMethod {{ methodType }}
  fulfillmentHolds {{ displayReason reasonNotes }}
  lineItems(first: {FULFILLMENT_ORDER_LINES}) {{ nodes {{ remainingQuantity lineItem {{ id }} }} {_PAGE} }}
}}
"""

_ORDER = (
    f"""
fragment OrderFields on Order {{
  id name createdAt processedAt updatedAt cancelledAt cancelReason closed test note email phone
  currencyCode presentmentCurrencyCode taxesIncluded dutiesIncluded
  displayFinancialStatus displayFulfillmentStatus paymentGatewayNames
  totalPriceSet {_MONEY}
  currentTotalPriceSet {_MONEY}
  totalTipReceivedSet {_MONEY}
  originalTotalDutiesSet {_MONEY}
  totalCashRoundingAdjustment {{ paymentSet {_MONEY} }}
  additionalFees {{ id name price {_MONEY} {_TAXES} }}
  customAttributes {{ key value }}
  customer {{ id displayName }}
  poNumber
  purchasingEntity {{ __typename }}
  localizedFields(first: 3, purposes: [TAX]) {{ nodes {{ key value }} }}
  billingAddress {_ADDRESS}
  shippingAddress {_ADDRESS}
  risk {{ recommendation }}
  lineItems(first: {LINES}) {{ nodes {{ ...LineFields }} {_PAGE} }}
  shippingLines(first: {SHIPPING_LINES}) {{ nodes {{ ...ShippingFields }} {_PAGE} }}
  fulfillments(first: {FULFILLMENTS}) {{ ...FulfillmentFields }}
  refunds(first: 1) {{ id }}
  fulfillmentOrders(first: {FULFILLMENT_ORDERS}) {{ nodes {{ ...FulfillmentOrderFields }} {_PAGE} }}
}}
"""
    + _LINE
    + _SHIPPING_LINE
    + _FULFILLMENT
    + _FULFILLMENT_ORDER
)

ORDERS = (
    """
query Orders($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { ...OrderFields }
    pageInfo { hasNextPage endCursor }
  }
}
"""
    + _ORDER
)

ORDER = "query Order($id: ID!) { order(id: $id) { ...OrderFields } }" + _ORDER


def known_orders_document(count: int) -> str:
    """Which of ``count`` orders there are. Variables ``id<n>``."""
    variables = ", ".join(f"$id{n}: ID!" for n in range(count))
    return f"query KnownOrders({variables}) {{ {' '.join(f'o{n}: order(id: $id{n}) {{ id }}' for n in range(count))} }}"


#: steps over an order that Shopify itself can't deliver
ORDER_STUBS = """
query OrderStubs($first: Int!, $after: String, $query: String) {
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id name updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

VARIANT_STUBS = """
query VariantStubs($first: Int!, $after: String, $query: String) {
  productVariants(first: $first, after: $after, query: $query, sortKey: ID) {
    nodes { id displayName updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""

PRODUCT_STUBS = """
query ProductStubs($first: Int!, $after: String, $query: String) {
  products(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {
    nodes { id title updatedAt }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def _more(name: str, parent: str, connection: str, nodes: str, fragment: str = "") -> str:
    """A document that goes on with one nested list of one parent."""
    return (
        f"query {name}($id: ID!, $first: Int!, $after: String) {{ {parent}(id: $id) "
        f"{{ {connection}(first: $first, after: $after) {{ {nodes} {_PAGE} }} }} }}{fragment}"
    )


MORE_LINES = _more("MoreLines", "order", "lineItems", "nodes { ...LineFields }", _LINE)
MORE_SHIPPING_LINES = _more(
    "MoreShippingLines", "order", "shippingLines", "nodes { ...ShippingFields }", _SHIPPING_LINE
)
MORE_FULFILLMENT_ORDERS = _more(
    "MoreFulfillmentOrders",
    "order",
    "fulfillmentOrders",
    "nodes { ...FulfillmentOrderFields }",
    _FULFILLMENT_ORDER,
)
MORE_FULFILLMENT_LINES = _more(
    "MoreFulfillmentLines", "fulfillment", "fulfillmentLineItems", "nodes { quantity lineItem { id } }"
)
MORE_REFUND_LINES = _more("MoreRefundLines", "refund", "refundLineItems", _REFUND_LINES.removesuffix(_PAGE))
#: the duties of an order's lines; few orders have any
DUTIES = _more("Duties", "order", "lineItems", f"nodes {{ id duties {{ id price {_MONEY} {_TAXES} }} }}")
#: the refunds of a few orders at once; few orders have any
REFUNDS_OF = (
    f"query RefundsOf($ids: [ID!]!) {{ nodes(ids: $ids) "
    f"{{ ... on Order {{ id refunds(first: {REFUNDS}) {{ ...RefundFields }} }} }} }}" + _REFUND
)
#: who bought, of a few orders at once: few shops sell to companies, and not every app may ask
BUSINESSES_OF = """
query BusinessesOf($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Order {
      id
      purchasingEntity {
        __typename
        ... on PurchasingCompany { company { id name } location { id name taxSettings { taxRegistrationId } } }
      }
    }
  }
}
"""
#: these two lists have no pages, only a length
ALL_FULFILLMENTS = (
    f"query AllFulfillments($id: ID!) {{ order(id: $id) {{ fulfillments(first: {MANY}) {{ ...FulfillmentFields }} }} }}"
    + _FULFILLMENT
)
ALL_REFUNDS = (
    f"query AllRefunds($id: ID!) {{ order(id: $id) {{ refunds(first: {MANY}) {{ ...RefundFields }} }} }}" + _REFUND
)

# -- stock ------------------------------------------------------------------------------------------------------------

SET_QUANTITIES = """
mutation SetQuantities($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id }
    userErrors { code field message }
  }
}
"""


LOCATION_STATE = "query LocationState($id: ID!) { location(id: $id) { id isActive } }"


def activate_document(count: int) -> str:
    """Stocks ``count`` items at a location each, in one call. Variables ``item<n>``, ``location<n>``, ``key<n>``."""
    variables = ", ".join(f"$item{n}: ID!, $location{n}: ID!, $key{n}: String!" for n in range(count))
    fields = "\n".join(
        f"  a{n}: inventoryActivate(inventoryItemId: $item{n}, locationId: $location{n})"
        f" @idempotent(key: $key{n}) {{ inventoryLevel {{ id }} userErrors {{ field message }} }}"
        for n in range(count)
    )
    return f"mutation Activate({variables}) {{\n{fields}\n}}"


# -- shipping ---------------------------------------------------------------------------------------------------------

SHIPPING_STATE = f"""
query ShippingState($id: ID!) {{
  order(id: $id) {{
    id name cancelledAt
    fulfillmentOrders(first: 50) {{
      nodes {{
        id status
        assignedLocation {{ location {{ id }} name }}
        fulfillmentHolds {{ displayReason }}
        lineItems(first: 100) {{ nodes {{ id remainingQuantity lineItem {{ id }} }} {_PAGE} }}
      }}
      {_PAGE}
    }}
    fulfillments(first: {MANY}) {{
      id status
      trackingInfo {{ number }}
      fulfillmentLineItems(first: 20) {{ nodes {{ quantity lineItem {{ id }} }} {_PAGE} }}
    }}
  }}
}}
"""

MORE_FULFILLMENT_ORDER_LINES = _more(
    "MoreFulfillmentOrderLines", "fulfillmentOrder", "lineItems", "nodes { id remainingQuantity lineItem { id } }"
)

FULFILL = """
mutation Fulfill($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id status } userErrors { field message } }
}
"""

UPDATE_TRACKING = """
mutation UpdateTracking($id: ID!, $tracking: FulfillmentTrackingInput!, $notify: Boolean) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $tracking, notifyCustomer: $notify) {
    fulfillment { id }
    userErrors { field message }
  }
}
"""

# -- cancelling -------------------------------------------------------------------------------------------------------

CANCEL_STATE = "query CancelState($id: ID!) { order(id: $id) { id cancelledAt } }"

CANCEL = """
mutation Cancel($id: ID!, $reason: OrderCancelReason!, $notify: Boolean) {
  orderCancel(
    orderId: $id, reason: $reason, restock: true, notifyCustomer: $notify
    refundMethod: { originalPaymentMethodsRefund: false }
  ) {
    job { id done }
    orderCancelUserErrors { code field message }
  }
}
"""

JOB = "query CancelJob($job: ID!, $order: ID!) { job(id: $job) { id done } order(id: $order) { id cancelledAt } }"

# -- webhooks ---------------------------------------------------------------------------------------------------------

WEBHOOKS = """
query Webhooks($topics: [WebhookSubscriptionTopic!], $after: String) {
  webhookSubscriptions(first: 100, topics: $topics, after: $after) {
    nodes { id topic uri }
    pageInfo { hasNextPage endCursor }
  }
}
"""


def subscribe_document(topics: list[str]) -> str:
    """Subscribes to all ``topics`` in one call, with nothing of the record but its id and time. Variable ``uri``."""
    fields = "\n".join(
        f"  {topic.lower()}: webhookSubscriptionCreate(topic: {topic}, webhookSubscription: "
        f'{{ uri: $uri, format: JSON, includeFields: ["id", "admin_graphql_api_id", "updated_at"] }})'
        " { webhookSubscription { id } userErrors { field message } }"
        for topic in topics
    )
    return f"mutation Subscribe($uri: String!) {{\n{fields}\n}}"


def unsubscribe_document(count: int) -> str:
    """Ends ``count`` subscriptions in one call. Variables ``r0``, ``r1`` …"""
    names = ", ".join(f"$r{number}: ID!" for number in range(count))
    fields = "\n".join(
        f"  r{number}: webhookSubscriptionDelete(id: $r{number}) {{ userErrors {{ field message }} }}"
        for number in range(count)
    )
    return f"mutation Unsubscribe({names}) {{\n{fields}\n}}"


#: every document, for validation against the official schema
DOCUMENTS = {
    **{
        name: value
        for name, value in dict(globals()).items()
        if name.isupper() and name[0] != "_" and isinstance(value, str) and name != "API_VERSION"
    },
    "ACTIVATE": activate_document(2),
    "KNOWN_ORDERS": known_orders_document(2),
    "SUBSCRIBE": subscribe_document(["ORDERS_CREATE", "PRODUCTS_UPDATE"]),
    "UNSUBSCRIBE": unsubscribe_document(2),
}
