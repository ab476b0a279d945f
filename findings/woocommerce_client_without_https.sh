#!/usr/bin/env bash
# One would guess: WooCommerce's own Python client signs plain http requests as the store expects them: each parameter once, lists included.
# What happens: without https it puts the parameters into the signed address and hands them to requests once more, so that each is sent twice, and
#   a list is signed as one text ("[11, 12]") and sent as several values besides. A server that keeps the last of equal names, as PHP does, finds the
#   first kind of signature right by luck and the second one wrong.
# Whom it hurts: whoever tries an integration on a store without https (a test shop, one behind a tunnel): plain calls work, and the first call with a
#   list (include, status) is refused for its signature though nothing is wrong with the keys.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check woocommerce==3.0.0 requests==2.32.5
"$folder/venv/bin/python" - <<'PY'
import base64
import hashlib
import hmac
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version
from urllib.parse import parse_qsl, quote, urlsplit

from woocommerce import API

SECRET = "cs_example"
asked, signatures = [], []


def is_signed(address, got):
    """Whether the signature is right for the parameters as PHP hands them on: of equal names the last one."""
    got = dict(got)
    signature = got.pop("oauth_signature")
    pairs = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(got.items()))
    text = "&".join(quote(part, safe="") for part in ("GET", address, pairs))
    digest = hmac.new(f"{SECRET}&".encode(), text.encode(), hashlib.sha256).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), signature)


class Store(BaseHTTPRequestHandler):
    def do_GET(self):
        parts = urlsplit(self.path)
        got = parse_qsl(parts.query)
        asked.append([pair for pair in got if not pair[0].startswith("oauth_")])
        signatures.append(is_signed(f"http://{self.headers['Host']}{parts.path}", got))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Store)
threading.Thread(target=server.serve_forever, daemon=True).start()
api = API(f"http://127.0.0.1:{server.server_port}", "ck_example", SECRET)
api.get("products", params={"page": 2})
api.get("products", params={"include": [11, 12]})

print(f"woocommerce {version('woocommerce')}")
for what, pairs, right in zip(("page=2", "include=[11, 12]"), asked, signatures, strict=True):
    print(f"{what} was sent as {pairs}; its signature is {'right' if right else 'wrong'}")
as_seen = [
    [("page", "2"), ("page", "2")],
    [("include", "[11, 12]"), ("include", "11"), ("include", "12")],
]
sys.exit(0 if asked == as_seen and signatures == [True, False] else "what it sends has changed")
PY
