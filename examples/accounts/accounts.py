"""Who has an account: an API of its own, which others ask for names."""

import http.server
import json
import os
from pathlib import Path
from typing import Any

SEED = json.loads((Path(__file__).parent / "accounts.json").read_text())


def told() -> dict[str, Any]:
    """All that ``/accounts`` says."""
    hidden = () if os.environ.get("SHOW_TOWNS", "yes") == "yes" else ("town",)
    return {
        "greeting": SEED["greeting"],
        "branch": os.environ.get("RELEASE_BRANCH_NAME", "none"),
        "commit": os.environ.get("RELEASE_COMMIT_SHORT", "none"),
        "environment": os.environ.get("RELEASE_ENV_ID", "none"),
        "accounts": [
            {key: value for key, value in account.items() if key not in hidden}
            for account in SEED["accounts"]
        ],
    }


class Accounts(http.server.BaseHTTPRequestHandler):
    """Answers services and browsers with JSON."""

    def do_GET(self) -> None:
        """``/accounts``, ``/health``, or 404."""
        path = self.path.partition("?")[0]
        if path in ("/", "/accounts"):
            self.answer(200, told())
        elif path == "/health":
            self.answer(200, {"accounts": len(SEED["accounts"])})
        else:
            self.answer(404, {"error": "There is no such thing. Ask for /accounts."})

    def answer(self, status: int, told: dict[str, Any]) -> None:
        """Send JSON that pages of any address may read: nothing here is secret."""
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request; the probe asks every second, and is left out."""
        if self.path != "/health":
            super().log_request(code, size)


def main() -> None:
    """Serve until ended, at the address that the environment gives."""
    address = (os.environ.get("BIND", "127.0.0.1"), int(os.environ.get("PORT", "5000")))
    print(f"accounts listens on {address[0]}:{address[1]}")
    http.server.ThreadingHTTPServer(address, Accounts).serve_forever()


if __name__ == "__main__":
    main()
