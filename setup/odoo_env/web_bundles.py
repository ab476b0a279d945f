"""``python web_bundles.py --database … --config …``: make the web client's bundles in a database, once for all its copies.

Runs with Odoo's Python. Else whoever opens the first page waits for them, and each browser test makes them anew, because
what a test makes is rolled back at its end.
"""

from __future__ import annotations

import argparse

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

#: (bundle, its part) that the login page and the web client load
BUNDLES = (
    ("web.assets_frontend_minimal", "js"),
    ("web.assets_frontend", "css"),
    ("web.assets_frontend_lazy", "js"),
    ("web.assets_web", "css"),
    ("web.assets_web", "js"),
    ("web.assets_web_print", "css"),
    ("web.assets_tests", "js"),
    ("web.assets_emoji", "js"),
    ("bus.websocket_worker_assets", "js"),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    options = parser.parse_args()
    odoo.tools.config.parse_config(["-c", options.config, "-d", options.database], setup_logging=True)
    with Registry(options.database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        # Debian's Odoo lacks this script, which its manifest lists; the error in the console would fail every tour.
        env["ir.asset"].create(
            {
                "name": "Not in Debian's package",
                "bundle": "web.assets_backend",
                "directive": "remove",
                "path": "mail/static/lib/selfie_segmentation/selfie_segmentation.js",
            }
        )
        for name, part in BUNDLES:
            bundle = env["ir.qweb"]._get_asset_bundle(name, css=part == "css", js=part == "js")
            getattr(bundle, part)()


main()
