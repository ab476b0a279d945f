"""Reasons are kept as code and parameters and put into words for whoever reads them (rule 14)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from odoo.tests import patch
from odoo.tools.misc import file_path
from odoo.tools.translate import code_translations

from odoo.addons.order_channel_mapping.tools import reasons
from odoo.addons.order_channel_mapping.tools.reasons import REASONS, reason_text

from tests.common import ChannelCase

#: call -> position of its reason code; a keyword ``code`` counts for each
CODES_OF = {
    "AuthError": 1,
    "BadPayload": 1,
    "RateLimited": 2,
    "Rejected": 0,
    "Unavailable": 1,
    "RecordFailure": 1,
    "_failed": 1,
    "_close": 1,
    "_set_health": 1,
}


class TestReasons(ChannelCase):
    def test_every_reason_is_whole_with_and_without_parameters(self):
        for code in REASONS:
            with self.subTest(code):
                title, remedy = reason_text(self.env, code, {"status": 502, "error": "KeyError"})
                self.assertTrue(title)
                self.assertNotIn("%", title + remedy)
                self.assertNotIn("%(", " ".join(reason_text(self.env, code)))

    def test_a_marketplaces_own_words_come_along(self):
        title, __ = reason_text(self.env, "rejected", {"message": "Quantity can't be negative"})
        self.assertEqual(title, "The channel refused. Quantity can't be negative")

    def test_an_http_status_is_named(self):
        self.assertIn("503", reason_text(self.env, "http_503", {"message": ""})[0])

    def test_an_unknown_code_is_a_refusal_in_the_marketplaces_words_or_shown_as_it_is(self):
        refusal = reason_text(self.env, "rest_taxes_invalid", {"message": "50 % off"})
        self.assertEqual(refusal, reason_text(self.env, "rejected", {"message": "50 % off"}))
        self.assertEqual(reason_text(self.env, "rest_taxes_invalid"), ("Rest taxes invalid.", ""))
        self.assertEqual(reason_text(self.env, False), ("", ""))
        self.assertEqual(
            reason_text(self.env, "auth", ["not", "a", "dict"])[0], "The channel does not accept the credentials."
        )

    def test_the_reader_decides_the_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        source = "An unexpected error occurred (%(error)s)."

        def translations(module, lang):
            return {source: "Erreur imprévue (%(error)s)."} if lang == "fr_FR" else {}

        with patch.object(type(code_translations), "get_python_translations", lambda self, *args: translations(*args)):
            in_french = self.env["res.lang"].with_context(lang="fr_FR").env
            self.assertEqual(
                reason_text(in_french, "internal", {"error": "KeyError"})[0], "Erreur imprévue (KeyError)."
            )
            self.assertIn("unexpected", reason_text(self.env, "internal", {"error": "KeyError"})[0])

    def test_a_slip_in_a_translation_does_not_break_the_screen(self):
        with patch.object(reasons, "REASONS", {"broken": (reasons._lt("100 % of %(what)s"), "")}):
            self.assertEqual(reason_text(self.env, "broken", {"what": "it"})[0], "100 % of %(what)s")

    def test_every_code_in_the_source_has_words(self):
        """So that nobody meets a bare code on a screen because its author forgot."""
        used = {}
        for path in Path(file_path("order_channel_mapping/__manifest__.py")).parent.rglob("*.py"):
            source = path.read_text()
            for code in self.codes_in(ast.parse(source)):
                used.setdefault(code, path.name)
            for rule in re.findall(r'"skip:([a-z_]+)"', source):
                used.setdefault(f"skip_{rule}", path.name)
        self.assertGreater(len(used), 20)
        self.assertFalse({code: name for code, name in used.items() if code not in REASONS})

    def codes_in(self, tree):
        for call in ast.walk(tree):
            if not isinstance(call, ast.Call):
                continue
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            if name in CODES_OF:
                nodes = call.args[CODES_OF[name] :][:1] + [word.value for word in call.keywords if word.arg == "code"]
                yield from (
                    node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
                )
