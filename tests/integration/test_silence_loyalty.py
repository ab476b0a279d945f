"""Rule 8 where the app *sale_loyalty* is installed: in a database of its own, as we depend on nothing of it."""

import json
import os
import subprocess
import sys

from odoo.tests.common import get_db_name

from tests.common import ChannelCase

from .process_common import REPOSITORY, SECONDS, create_database

SILENT = ["order_channel_silent", False]


class TestLoyalty(ChannelCase):
    def run_python(self, *words):
        done = subprocess.run(
            [sys.executable, "-m", *words], cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_points_and_coupons_of_a_channels_order_write_to_nobody(self):
        """The buyer's own order in Odoo does write, though the card came from a channel's order."""
        database, config = f"{get_db_name()}_loyalty", os.environ["ORDER_CHANNEL_CONFIG"]
        create_database(database, os.environ["ORDER_CHANNEL_TEMPLATE"])
        quiet = ("--stop-after-init", "--no-http", "--log-level=warn")
        self.run_python("odoo", "-c", config, "-d", database, "-i", "sale_loyalty", *quiet)
        lines = self.run_python("tests.integration.worker_loyalty", database, config).splitlines()
        first, own, second = (json.loads(line) for line in lines if line.startswith("["))
        self.assertEqual(first, [True, [SILENT, SILENT]])
        self.assertEqual(own, [False, [["", True], ["", True]]])
        self.assertEqual(second, [True, [SILENT, SILENT]])
