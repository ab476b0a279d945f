"""What a simulated WooCommerce does with what it is told: stock, orders and their sums, refunds."""

from __future__ import annotations

import pytest
import requests

from tests.marketplaces.woocommerce_catalogue import add_tax
from tests.unit.woocommerce_client import HOME


@pytest.fixture
def buy(woo):
    """``buy({"sku": "MUG", "quantity": 2}, …)``, with what holds for the order."""

    def order(*lines, **spec):
        return woo.do("buy", spec={"line_items": list(lines), "billing": HOME, **spec})

    return order


def changed(client, ref):
    return client.get(f"/products/{ref}")["date_modified_gmt"]


# -- stock ------------------------------------------------------------------------------------------------------------


def test_stock_of_a_variation_moves_its_products_date(woo_client, clock):
    before = changed(woo_client, 10)
    clock.tick()
    answer = woo_client.post("/products/10/variations/batch", {"update": [{"id": 11, "stock_quantity": 0}]})
    assert (answer["update"][0]["stock_quantity"], answer["update"][0]["stock_status"]) == (0, "outofstock")
    assert changed(woo_client, 10) > before
    assert changed(woo_client, 13) == before


def test_a_quantity_where_no_stock_is_kept_is_ignored(woo, woo_client):
    ref = woo.shop.add_product("Made to order")
    answer = woo_client.post("/products/batch", {"update": [{"id": ref, "stock_quantity": 5}]})["update"][0]
    assert (answer["manage_stock"], answer["stock_quantity"]) == (False, None)
    kept = {"id": ref, "manage_stock": True, "stock_quantity": 5}
    answer = woo_client.post("/products/batch", {"update": [kept]})["update"][0]
    assert (answer["manage_stock"], answer["stock_quantity"]) == (True, 5)


def test_stock_that_the_product_keeps_for_its_variations(woo, woo_client, buy):
    parent = woo.shop.add_product("Cloth", type="variable", manage_stock=True, stock_quantity=9, sku="CLOTH")
    ref = woo.shop.add_variation(parent, {"Width": "1 m"}, regular_price="5")
    path = f"/products/{parent}/variations/{ref}"
    answer = woo_client.put(path, {"stock_quantity": 3})
    assert (answer["manage_stock"], answer["stock_quantity"]) == ("parent", 9)
    buy({"variation_id": ref, "quantity": 2})
    assert woo_client.get(path)["stock_quantity"] == woo_client.get(f"/products/{parent}")["stock_quantity"] == 7
    assert woo_client.get(path)["sku"] == "CLOTH", "a variation without a code shows its product's"
    answer = woo_client.put(path, {"manage_stock": True, "stock_quantity": 3})
    assert (answer["manage_stock"], answer["stock_quantity"], answer["sku"]) == (True, 3, "")


def test_batches_of_products(woo, woo_client):
    entries = [{"id": 13, "stock_quantity": 1}, {"id": 12, "stock_quantity": 1}, {"id": 99, "stock_quantity": 1}]
    codes = [
        entry.get("error", {}).get("code")
        for entry in woo_client.post("/products/batch", {"update": entries})["update"]
    ]
    assert codes == [None, "woocommerce_rest_invalid_product_id", "woocommerce_rest_product_invalid_id"]
    assert woo.shop.available("TEE-M") == 5
    made = woo_client.post(
        "/products/batch", {"create": [{"name": "A", "sku": "A"}, {"name": "B", "sku": "a"}], "delete": [13]}
    )
    assert made["create"][1]["error"]["code"] == "product_invalid_sku"
    assert made["delete"][0]["sku"] == "MUG"
    assert woo_client.refused("GET", "/products/13") == (404, "woocommerce_rest_product_invalid_id")
    wrong = woo_client.post(f"/products/{made['create'][0]['id']}/variations/batch", {"update": [{"id": 12}]})
    assert wrong["update"][0]["error"]["code"] == "woocommerce_rest_product_variation_invalid_id"
    assert (
        woo_client.call("POST", "/products/batch", {"update": [{"id": 10}] * 60, "delete": [1] * 40}).status_code == 200
    )
    assert (
        woo_client.call("POST", "/products/batch", {"update": [{"id": 10}] * 60, "delete": [1] * 41}).status_code == 413
    )


@pytest.mark.parametrize(
    ("status", "left"), [("pending", 9), ("failed", 9), ("checkout-draft", 9), ("on-hold", 7), ("processing", 7)]
)
def test_which_orders_take_stock(woo, buy, status, left):
    order = buy({"sku": "MUG", "quantity": 2}, status=status)
    assert woo.shop.available("MUG") == left
    woo.do("set_status", order=order["number"], status="completed")
    assert woo.shop.available("MUG") == 7, "once, however often it is paid"
    woo.do("cancel", order=order["id"])
    assert woo.shop.available("MUG") == 9


# -- orders -----------------------------------------------------------------------------------------------------------


def test_sums_without_tax(buy):
    """Lines leave tax out whether or not buyers see it."""
    order = buy(
        {"sku": "MUG", "quantity": 3},
        shipping_lines=[{"method_id": "flat_rate", "method_title": "Flat", "total": "5.00"}],
        fee_lines=[{"name": "Discount", "total": "-1.00", "tax_status": "none"}],
    )
    line = order["line_items"][0]
    assert (line["subtotal"], line["subtotal_tax"], line["price"]) == ("29.97", "2.40", 9.99)
    assert (order["cart_tax"], order["shipping_tax"], order["total_tax"], order["total"]) == (
        "2.40",
        "0.40",
        "2.80",
        "36.77",
    )


def test_prices_with_tax(woo, buy):
    woo.shop.site["prices_include_tax"] = True
    order = buy({"sku": "MUG", "quantity": 3}, coupon_lines=[{"code": "ten"}])
    line = order["line_items"][0]
    # 29.97 hold 2.22 of tax; ten percent of what the buyer sees are 3.00, of which 0.22 are tax
    assert (line["subtotal"], line["subtotal_tax"], line["total"], line["total_tax"]) == (
        "27.75",
        "2.22",
        "24.97",
        "2.00",
    )
    assert (order["discount_total"], order["total"]) == ("2.78", "26.97")
    assert order["prices_include_tax"] is True


def test_a_basket_keeps_the_total_that_buyers_saw(woo, buy):
    """Half a cent within a price is rounded down, and the tax is not worked out again from what is left."""
    woo.shop.site["prices_include_tax"] = True
    woo.shop.taxes[0]["rate"] = "100"
    line = {"sku": "MUG", "quantity": 1}
    basket, api = buy(line), buy(line, created_via="rest-api")
    assert [(order["line_items"][0]["total"], order["total_tax"]) for order in (basket, api)] == [
        ("5.00", "4.99"),
        ("5.00", "5.00"),
    ]


def test_two_taxes_one_upon_the_other(woo, buy):
    add_tax(woo.shop, "City", 1, country="US", state="NY", priority=2, compound=True)
    add_tax(woo.shop, "Elsewhere", 20, country="DE")
    order = buy({"sku": "TEE-S", "quantity": 1})
    assert [(tax["id"], tax["total"]) for tax in order["line_items"][0]["taxes"]] == [(1, "1.60"), (2, "0.22")]
    assert [(line["label"], line["compound"], line["tax_total"]) for line in order["tax_lines"]] == [
        ("NY tax", False, "1.60"),
        ("City", True, "0.22"),
    ]
    abroad = buy({"sku": "TEE-S", "quantity": 1}, billing={**HOME, "country": "DE", "state": ""})
    assert [line["rate_percent"] for line in abroad["tax_lines"]] == [20]


def test_tax_that_is_rounded_on_the_sum(woo, buy):
    woo.shop.site["round_at_subtotal"] = True
    order = buy({"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 1})
    assert [line["taxes"][0]["total"] for line in order["line_items"]] == ["0.799200", "0.799200"]
    assert [line["total_tax"] for line in order["line_items"]] == ["0.80", "0.80"]
    assert (order["total_tax"], order["total"]) == ("1.60", "21.58")


@pytest.mark.parametrize(
    ("coupon", "totals"),
    [
        ({"discount_type": "percent", "amount": "33"}, ["13.39", "6.70", "6.70"]),
        ({"discount_type": "fixed_cart", "amount": "10"}, ["15.00", "7.49", "7.49"]),
        ({"discount_type": "fixed_product", "amount": "3"}, ["14.00", "6.99", "6.99"]),
    ],
)
def test_coupons(woo, buy, coupon, totals):
    woo.shop.coupons["some"] = {"id": 20, "code": "some", **coupon}
    woo.shop.edit_product("TEE-S", regular_price="10")
    lines = [{"sku": "TEE-S", "quantity": 2}, {"sku": "MUG", "quantity": 1}, {"sku": "MUG", "quantity": 1}]
    order = buy(*lines, coupon_lines=[{"code": "SOME"}])
    assert [line["total"] for line in order["line_items"]] == totals
    taken = sum(float(line["subtotal"]) - float(line["total"]) for line in order["line_items"])
    assert (
        float(order["discount_total"])
        == pytest.approx(taken)
        == pytest.approx(float(order["coupon_lines"][0]["discount"]))
    )


def test_what_moves_an_orders_date(woo, woo_client, buy, clock):
    order = buy({"sku": "MUG", "quantity": 2})
    path = f"/orders/{order['id']}"
    moved = lambda: woo_client.get(path)["date_modified_gmt"] > order["date_modified_gmt"]  # noqa: E731
    clock.tick()
    woo_client.post(f"{path}/notes", {"note": "Shipped", "customer_note": True})
    assert not moved()
    refund = {
        "line_items": [{"id": order["line_items"][0]["id"], "quantity": 1, "refund_total": "9.99"}],
        "api_refund": False,
    }
    woo_client.post(f"{path}/refunds", refund)
    assert moved()
    assert [note["note"] for note in woo_client.get(f"{path}/notes", type="customer")] == ["Shipped"]
    assert woo.shop.available("MUG") == 8


def test_refunds(woo, woo_client, buy):
    order = buy({"sku": "MUG", "quantity": 2})  # 19.98 and 1.60 of tax
    path = f"/orders/{order['id']}/refunds"
    refused = woo_client.call("POST", path, {"amount": "1.00"})
    assert "automatic refunds" in refused.json()["message"], "the gateway can't"
    assert woo_client.refused("POST", path, {"amount": "21.59", "api_refund": False})[0] == 500
    woo_client.post(path, {"amount": "1.58", "api_refund": False, "api_restock": False})
    assert woo_client.get(f"/orders/{order['id']}")["status"] == "processing"
    last = woo_client.post(path, {"amount": "20.00", "api_refund": False})
    after = woo_client.get(f"/orders/{order['id']}")
    assert (after["status"], [entry["total"] for entry in after["refunds"]]) == ("refunded", ["-1.58", "-20.00"])
    assert after["total"] == order["total"], "what was given back is not taken off the order"
    assert len(woo_client.get("/refunds")) == len(woo_client.get(path)) == 2
    woo_client.delete(f"{path}/{last['id']}", force="true")
    assert len(woo_client.get(f"/orders/{order['id']}")["refunds"]) == 1


def test_lines_of_products_that_are_gone(woo, woo_client, buy):
    tee, mug = buy({"sku": "TEE-M"}, {"sku": "MUG"})["line_items"]
    small = buy({"sku": "TEE-S"})
    woo.do("delete_variation", ref="TEE-M")
    woo.do("delete_product", ref="MUG")
    tee_now, mug_now = woo_client.get("/orders")[1]["line_items"]
    assert (tee["variation_id"], tee["sku"], mug["product_id"], mug["sku"]) == (12, "TEE-M", 13, "MUG")
    assert (tee_now["product_id"], tee_now["variation_id"], tee_now["sku"]) == (10, 0, "")
    assert (mug_now["product_id"], mug_now["sku"], mug_now["name"]) == (0, "", "Mug")
    woo.do("edit_product", ref=10, sku="TEE")
    woo.do("delete_variation", ref="TEE-S")
    assert woo_client.get(f"/orders/{small['id']}")["line_items"][0]["sku"] == "TEE", (
        "that of its product, if it has one"
    )


def test_statuses(woo, woo_client, buy):
    woo.shop.statuses["packing"] = "Packing"
    for status in ("pending", "checkout-draft", "packing", "completed"):
        buy({"sku": "MUG"}, status=status)
    gone = buy({"sku": "MUG"})
    woo_client.delete(f"/orders/{gone['id']}")
    statuses = lambda **params: {order["status"] for order in woo_client.get("/orders", **params)}  # noqa: E731
    assert statuses() == statuses(status="any") == {"pending", "checkout-draft", "packing", "completed"}
    assert statuses(status="pending,packing") == {"pending", "packing"}
    assert statuses(status="trash") == {"trash"}
    assert woo_client.refused("GET", "/orders", status="shipped") == (400, "rest_invalid_param")
    totals = {entry["slug"]: (entry["name"], entry["total"]) for entry in woo_client.get("/reports/orders/totals")}
    assert (totals["packing"], totals["checkout-draft"]) == (("Packing", 1), ("Draft", 1))
    assert woo_client.refused("PUT", f"/orders/{gone['id']}", {"status": "shipped"}) == (400, "rest_invalid_param")
    del woo.shop.statuses["packing"]  # its plugin was switched off: the list forgets such orders
    assert "packing" not in statuses()


def test_guests_and_customers(woo, woo_client, buy):
    woo.shop.customers["7"] = {"id": 7, "email": "kim@example.com", "first_name": "Kim", "last_name": "Example"}
    woo.shop.customers["7"] |= {"billing": {}, "shipping": {}}
    guest, member = buy({"sku": "MUG"}), buy({"sku": "MUG"}, customer_id=7)
    assert (guest["customer_id"], "customer" in guest["_links"], member["customer_id"]) == (0, False, 7)
    assert woo_client.get(member["_links"]["customer"][0]["href"].partition("/wc/v3")[2])["email"] == "kim@example.com"
    assert [order["id"] for order in woo_client.get("/orders", customer=7)] == [member["id"]]


def test_changing_an_order(woo_client, buy):
    order = buy({"sku": "MUG"}, {"sku": "TEE-S"}, status="pending")
    mug, tee = order["line_items"]
    body = {"meta_data": [{"key": "_tracking", "value": "T1"}], "billing": {"city": "Albany"}, "set_paid": True}
    lines = [{"id": mug["id"], "quantity": 2, "subtotal": "19.98", "total": "19.98"}, {"id": tee["id"], "quantity": 0}]
    now = woo_client.put(f"/orders/{order['id']}", {**body, "line_items": lines})
    assert (now["status"], now["billing"]["city"], now["billing"]["country"]) == ("processing", "Albany", "US")
    assert [(line["quantity"], line["total_tax"]) for line in now["line_items"]] == [(2, "1.60")]
    assert (now["total"], now["meta_data"][0]["value"]) == ("21.58", "T1")
    done = woo_client.post("/orders/batch", {"update": [{"id": order["id"], "status": "completed"}, {"id": 1}]})[
        "update"
    ]
    assert done[0]["date_completed_gmt"]
    assert done[1]["error"]["code"] == "woocommerce_rest_shop_order_invalid_id"


def test_broken_orders_can_be_repaired(woo, woo_client, buy):
    order = buy({"sku": "MUG"})
    woo.do("break_order", ref=order["id"])
    assert woo_client.get("/orders")[0]["line_items"][0]["total"] == "n/a"
    woo.do("repair_order", ref=order["number"])
    assert woo_client.get("/orders")[0]["line_items"] == order["line_items"]
    woo.do("age", ref=order["id"], days=3)
    assert woo_client.get("/orders")[0]["date_modified_gmt"] == "2026-10-30T09:30:00"


@pytest.mark.parametrize("action", [("explode", {}), ("cancel", {"order": "404"}), ("edit_product", {"ref": "NONE"})])
def test_wrong_actions_are_told(woo, action):
    name, options = action
    answer = requests.post(f"{woo.url}/__sim__/do", json={"action": name, **options}, timeout=10)
    assert (answer.status_code, bool(answer.json()["error"])) == (400, True)
