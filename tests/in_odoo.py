"""What a worker does before its first test in Odoo: it saves each test what all of them would do again."""

from __future__ import annotations

import pytest

from tests import common, registry_caches


@pytest.fixture(scope="session", autouse=True)
def caches_outlive_tests(load_registry):
    registry_caches.keep()


@pytest.fixture(scope="session", autouse=True)
def spare_company(load_registry):
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tests.common import get_db_name

    with Registry(get_db_name()).cursor() as cr:
        common.keep_a_spare_company(api.Environment(cr, SUPERUSER_ID, {}))


@pytest.fixture(scope="session")
def worker_server(load_registry):
    from odoo.tests.common import get_db_name

    from tests.integration import process_common

    server = process_common.ProcessCase.server = process_common.WorkerServer(f"{get_db_name()}_workers")
    yield
    server.stop()
