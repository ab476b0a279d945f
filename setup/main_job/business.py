"""The business that the demo is about: products in stock, some of them with the same SKU."""

from __future__ import annotations

from main_job.job import Job
from tests.marketplaces import catalogue

# As many as the simulated shops sell, and under the same codes (see catalogue.build_shop).
PRODUCTS = 300
ON_HAND = 60


def create(job: Job) -> None:
    """Storable products with SKU, barcode, price and stock; two products share each SKU that starts with DOUBLE."""
    job.say(f"A business with {PRODUCTS} products")
    with job.env() as env:
        values = [
            {
                "name": entry["name"],
                "default_code": entry["sku"],
                "barcode": entry["barcode"],
                "list_price": float(entry["price"]),
                "is_storable": True,
            }
            for entry in catalogue.products(PRODUCTS)
        ]
        for number in range(1, catalogue.AMBIGUOUS + 1):
            for shade in ("Light", "Dark"):
                values.append(
                    {"name": f"Double {number} {shade}", "default_code": f"DOUBLE-{number}", "is_storable": True}
                )
        products = env["product.product"].create(values)
        location = env["stock.warehouse"].search([], limit=1).lot_stock_id
        quants = env["stock.quant"].with_context(inventory_mode=True)
        quants.create(
            [
                {"product_id": product.id, "location_id": location.id, "inventory_quantity": ON_HAND}
                for product in products
            ]
        ).action_apply_inventory()
