"""The rules that every test class in Odoo keeps."""

from __future__ import annotations

import importlib
import pkgutil
import unittest

import tests.browser
import tests.integration
from tests.common import ChannelBrowserCase, ChannelCase


class TestTestClasses(ChannelCase):
    def test_browser_tests_share_the_bundles(self):
        """A class of ``tests/browser`` that compiles the web client for itself takes several times as long."""
        alone = [
            test_class.__qualname__
            for test_class in self._test_classes()
            if test_class.__module__.startswith("tests.browser.") and not issubclass(test_class, ChannelBrowserCase)
        ]
        self.assertFalse(alone)

    def test_every_class_is_tagged(self):
        """Without the tag ``standard`` a test could reach the network; without ``post_install`` it runs too early."""
        untagged = []
        for test_class in self._test_classes():
            tags = getattr(test_class, "test_tags", set())
            if not {"standard", "post_install"} <= tags or "at_install" in tags:
                untagged.append(f"{test_class.__module__}.{test_class.__qualname__}")
        self.assertFalse(untagged)

    def _test_classes(self):
        for package in (tests.integration, tests.browser):
            for module_info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
                module = importlib.import_module(module_info.name)
                for value in vars(module).values():
                    if isinstance(value, type) and issubclass(value, unittest.TestCase):
                        yield value
