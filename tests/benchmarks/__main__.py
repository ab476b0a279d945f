"""Run the benchmarks of one file in one database and print a JSON object a figure. ``setup/bench`` calls it."""

from __future__ import annotations

import argparse
import importlib
import json

import odoo
from odoo.modules.registry import Registry

from tests.benchmarks.harness import Bench, registered


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("module")
    parser.add_argument("--database", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--size", type=int)
    arguments = parser.parse_args()
    odoo.tools.config.parse_config(["-c", arguments.config, "-d", arguments.database], setup_logging=True)
    registry = Registry(arguments.database)
    importlib.import_module(f"tests.benchmarks.{arguments.module}")
    for benchmark in registered:
        for figure in benchmark.function(Bench(registry, arguments.size or benchmark.size)):
            print(json.dumps(figure.as_dict()), flush=True)


main()
