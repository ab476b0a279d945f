"""``python -m main_job run|resume --database … --config … --marketplace NAME=ADDRESS``: the last line is the summary."""

from __future__ import annotations

import argparse
import json
import traceback

import odoo
from odoo.modules.registry import Registry

from main_job import scenario
from main_job.job import Broken, Job, Marketplace


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("run", "resume"))
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--marketplace", action="append", default=[], metavar="NAME=ADDRESS")
    options = parser.parse_args()
    odoo.tools.config.parse_config(["-c", options.config, "-d", options.database], setup_logging=True)
    marketplaces = {}
    for entry in options.marketplace:
        name, _equals, address = entry.partition("=")
        marketplaces[name] = Marketplace(address)
    job = Job(Registry(options.database), marketplaces)
    with job.watched_log():
        try:
            getattr(scenario, options.verb)(job)
        except Broken as reason:
            job.check("the main job", str(reason), "every step done", False)
        except Exception as error:
            traceback.print_exc()
            job.check("the main job", f"broke off: {type(error).__name__}: {error}", "every step done", False)
    print(json.dumps(job.summary()), flush=True)


main()
