"""Simulated marketplaces: loopback HTTP servers that behave like the real ones, faults included.

Each runs inside a test (``with ShopifySimulator(...) as sim``) or as a process of its own
(``python -m tests.marketplaces.shopify --port 0``), steered then through its ``/__sim__/…`` addresses.
"""
