{
    "name": "Order Channel Mapping",
    "summary": "Sell on many channels from one stock: map listings to products, freeze what is unmapped, never oversell",
    "version": "19.0.1.0.0",
    "category": "Sales/Sales",
    "license": "LGPL-3",
    "author": "Order Channel Mapping contributors",
    "depends": ["sale_management", "sale_stock", "stock_delivery"],
    "external_dependencies": {"python": ["requests", "requests_oauthlib", "cryptography"]},
    "data": [
        "security/order_channel_groups.xml",
        "security/ir.model.access.csv",
        "security/order_channel_rules.xml",
        "data/product_data.xml",
        "data/ir_cron_data.xml",
    ],
    "application": True,
}
