"""What the simulated Shopify does when it is told to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .shopify_builder import gid
from .shopify_graphql import FieldFault

#: what is said of a location that is deleted or inactive
NO_LOCATION = ("INVALID_LOCATION", "The specified location could not be found.")
MAX_ENTRIES = 250


class Mutations:
    def __init__(self, simulator: Any):
        self.simulator = simulator
        self.shop = simulator.shop

    def resolvers(self) -> dict[tuple[str, str], Any]:
        return {
            ("Mutation", "inventorySetQuantities"): self._once(self._set_quantities),
            ("Mutation", "inventoryActivate"): self._once(self._activate),
            ("Mutation", "fulfillmentCreate"): self._fulfill,
            ("Mutation", "fulfillmentTrackingInfoUpdate"): self._update_tracking,
            ("Mutation", "orderCancel"): self._cancel,
            ("Mutation", "webhookSubscriptionCreate"): self._subscribe,
            ("Mutation", "webhookSubscriptionDelete"): self._unsubscribe,
        }

    def _once(self, action):
        """Shopify's idempotency: the same key with the same arguments is answered from memory."""

        def resolve(_source: Any, args: dict[str, Any], key: str | None) -> dict[str, Any]:
            if not (key or "").strip():
                raise FieldFault("The @idempotent directive is required for this mutation.", "BAD_REQUEST")
            seen, print_ = self.shop.idempotency.get(key), self.shop.fingerprint(args)
            if seen and seen["print"] != print_:
                return _failed("IDEMPOTENCY_KEY_PARAMETER_MISMATCH", "The key was used with other parameters.")
            if seen and seen["answer"]["userErrors"]:
                return _failed("IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED", "A request with this key failed. Use a new key.")
            if seen:
                return seen["answer"]
            answer = action(args)
            self.shop.idempotency[key] = {"print": print_, "answer": answer}
            return answer

        return resolve

    # -- stock --------------------------------------------------------------------------------------------------------

    def _set_quantities(self, args: Mapping[str, Any]) -> dict[str, Any]:
        self.simulator._needs("write_inventory")
        entries = args["input"]["quantities"]
        if len(entries) > MAX_ENTRIES:
            raise FieldFault(
                f"The input array size of {len(entries)} is greater than {MAX_ENTRIES}.", "MAX_INPUT_SIZE_EXCEEDED"
            )
        errors = [error for index, entry in enumerate(entries) if (error := self._wrong(index, entry, entries))]
        fault = self.simulator.take_fault(self.simulator._label, "refuse_entry")
        if fault:
            code = fault.options.get("code", "NON_MUTABLE_INVENTORY_ITEM")
            errors.append(
                _entry_error(int(fault.options.get("index", 0)), code, "The specified item can't be adjusted.")
            )
        if errors:
            return {"inventoryAdjustmentGroup": None, "userErrors": errors}
        for entry in entries:
            self.shop.levels[entry["inventoryItemId"]][entry["locationId"]] = entry["quantity"]
            self.shop.touch_item(entry["inventoryItemId"])
        group = {"id": gid("InventoryAdjustmentGroup", self.shop.number())}
        return {"inventoryAdjustmentGroup": group, "userErrors": []}

    def _wrong(self, index: int, entry: Mapping[str, Any], entries: list) -> dict[str, Any] | None:
        if "changeFromQuantity" not in entry:
            raise FieldFault("changeFromQuantity must be given, null to skip the check.", "BAD_REQUEST")
        item, place = entry["inventoryItemId"], entry["locationId"]
        if item not in self.shop.items:
            return _entry_error(index, "INVALID_INVENTORY_ITEM", "The specified inventory item could not be found.")
        if not self._is_active(place):
            return _entry_error(index, *NO_LOCATION)
        if place not in self.shop.levels[item]:
            return _entry_error(index, None, "The specified inventory item is not stocked at the location.")
        twins = [other for other in entries if (other["inventoryItemId"], other["locationId"]) == (item, place)]
        if len(twins) > 1:
            code = "NO_DUPLICATE_INVENTORY_ITEM_ID_GROUP_ID_PAIR"
            return _entry_error(index, code, "The combination of inventoryItemId and locationId must be unique.")
        if entry["quantity"] < 0:
            return _entry_error(index, "INVALID_QUANTITY_NEGATIVE", "The quantity can't be negative.")
        if entry["changeFromQuantity"] not in (None, self.shop.levels[item][place]):
            text = "The changeFromQuantity value does not match persisted value."
            return _entry_error(index, "CHANGE_FROM_QUANTITY_STALE", text)
        return None

    def _is_active(self, place: str) -> bool:
        return any(known["id"] == place and known["isActive"] for known in self.shop.locations)

    def _activate(self, args: Mapping[str, Any]) -> dict[str, Any]:
        self.simulator._needs("write_inventory")
        item, place = args["inventoryItemId"], args["locationId"]
        if item not in self.shop.items or not self._is_active(place):
            error = {"field": ["locationId"], "message": "The location or the inventory item could not be found."}
            return {"inventoryLevel": None, "userErrors": [error]}
        self.shop.levels[item].setdefault(place, 0)
        return {"inventoryLevel": {"id": gid("InventoryLevel", self.shop.number())}, "userErrors": []}

    # -- shipping -----------------------------------------------------------------------------------------------------

    def _fulfill(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        self.simulator._needs("write_merchant_managed_fulfillment_orders")
        wanted = args["fulfillment"]
        owners, places, quantities = set(), set(), {}
        for entry in wanted["lineItemsByFulfillmentOrder"]:
            order, part = self._fulfillment_order(entry["fulfillmentOrderId"])
            if part is None or part["status"] not in ("OPEN", "IN_PROGRESS"):
                return _failed(None, "Fulfillment order has an unfulfillable status.", "fulfillment")
            owners.add(order["id"])
            places.add(part["assignedLocation"]["location"]["id"])
            remaining = {line["id"]: line["remainingQuantity"] for line in part["lineItems"]}
            lines = entry.get("fulfillmentOrderLineItems")
            asked = {line["id"]: line["quantity"] for line in lines} if lines else remaining
            if any(quantity > remaining.get(ref, 0) for ref, quantity in asked.items()):
                return _failed(None, "Invalid fulfillment order line item quantity requested.", "fulfillment")
            quantities.update(asked)
        if len(owners) != 1 or len(places) != 1:
            return _failed(None, "All fulfillment orders must have the same order and location.", "fulfillment")
        parcel = self.shop.fulfill(owners.pop(), quantities, wanted.get("trackingInfo"))
        return {"fulfillment": parcel, "userErrors": []}

    def _fulfillment_order(self, ref: str):
        for order in self.shop.orders.values():
            for part in order["fulfillmentOrders"]:
                if part["id"] == ref:
                    return order, part
        return None, None

    def _update_tracking(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        self.simulator._needs("write_merchant_managed_fulfillment_orders")
        parcel = self.simulator._part("fulfillments", args["fulfillmentId"])
        if parcel is None:
            return _failed(None, "Fulfillment does not exist.", "fulfillmentId")
        parcel["trackingInfo"] = [{"company": None, "number": None, "url": None, **args["trackingInfoInput"]}]
        return {"fulfillment": parcel, "userErrors": []}

    # -- the rest -----------------------------------------------------------------------------------------------------

    def _cancel(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        self.simulator._needs("write_orders")
        order = self.shop.orders.get(args["orderId"])
        text = "Order does not exist" if order is None else "Order has already been cancelled"
        if order is None or order["cancelledAt"]:
            error = {"code": "NOT_FOUND" if order is None else "INVALID", "field": ["orderId"], "message": text}
            return {"job": None, "orderCancelUserErrors": [error]}
        ref = gid("Job", self.shop.number())
        job = {"id": ref, "done": False, "asked": False, "order": order["id"], "reason": args["reason"]}
        self.shop.jobs[ref] = job
        return {"job": job, "orderCancelUserErrors": []}

    def _subscribe(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        topic, uri = args["topic"], args["webhookSubscription"]["uri"]
        if any((hook["topic"], hook["uri"]) == (topic, uri) for hook in self.shop.webhooks):
            return _failed(None, "Address for this topic has already been taken", "webhookSubscription")
        hook = {"id": gid("WebhookSubscription", self.shop.number()), "topic": topic, "uri": uri}
        self.shop.webhooks.append(hook)
        return {"webhookSubscription": hook, "userErrors": []}

    def _unsubscribe(self, _source: Any, args: Mapping[str, Any], _key: Any) -> dict[str, Any]:
        kept = [hook for hook in self.shop.webhooks if hook["id"] != args["id"]]
        if len(kept) == len(self.shop.webhooks):
            return _failed(None, "Webhook subscription does not exist", "id")
        self.shop.webhooks[:] = kept
        return {"deletedWebhookSubscriptionId": args["id"], "userErrors": []}


def _entry_error(index: int, code: str | None, message: str) -> dict[str, Any]:
    return {"code": code, "field": ["input", "quantities", str(index), "inventoryItemId"], "message": message}


def _failed(code: str | None, message: str, *field: str) -> dict[str, Any]:
    return {"userErrors": [{"code": code, "field": list(field) or None, "message": message}]}
