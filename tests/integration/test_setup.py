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


class CachedCase(ChannelCase):
    """What a test leaves in Odoo's caches (see ``registry_caches``) must not reach the next one."""

    said_by_class = "order_channel_mapping.test_said_by_class"
    said_by_test = "order_channel_mapping.test_said_by_test"

    def said(self, key):
        return self.env["ir.config_parameter"].get_param(key)

    def say(self, key):
        self.env["ir.config_parameter"].set_param(key, "something")
        self.assertEqual(self.said(key), "something", "it is in the cache now")


class TestCaches1(CachedCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ir.config_parameter"].set_param(cls.said_by_class, "something")

    def test_1_one_test_says_it(self):
        self.say(self.said_by_test)
        self.assertTrue(self.said(self.said_by_class))

    def test_2_the_next_does_not_hear_of_it(self):
        self.assertFalse(self.said(self.said_by_test))
        self.assertTrue(self.said(self.said_by_class))

    def test_3_all_caches_can_be_emptied(self):
        self.env.cr.execute(
            "INSERT INTO ir_config_parameter (key, value) VALUES (%s, 'something')", [self.said_by_test]
        )
        self.env.registry.clear_all_caches()
        self.assertTrue(self.said(self.said_by_test))

    def test_4_and_the_next_does_not_hear_of_that(self):
        self.assertFalse(self.said(self.said_by_test))


class TestCaches2(CachedCase):
    def test_the_next_class_does_not_hear_of_it(self):
        self.assertFalse(self.said(self.said_by_class))
        self.assertFalse(self.said(self.said_by_test))
