"""The API: which parcels there are, whose they are and where."""

import http.client
import http.server
import json
import os
from typing import Any

import store

SECONDS = 2


def owners() -> dict[str, str]:
    """Names by account number, from the accounts of this namespace; empty where there are none."""
    host = os.environ.get("ACCOUNTS_SERVICE_HOST")
    port = os.environ.get("ACCOUNTS_SERVICE_PORT")
    if not host or not port:
        return {}
    connection = http.client.HTTPConnection(host, int(port), timeout=SECONDS)
    try:
        connection.request("GET", "/accounts")
        told = json.loads(connection.getresponse().read())
        return {account["number"]: account["name"] for account in told["accounts"]}
    except (OSError, http.client.HTTPException, ValueError, KeyError) as error:
        print(f"accounts gave no names: {error}")
        return {}
    finally:
        connection.close()


def told() -> dict[str, Any]:
    """All that ``/parcels`` says."""
    names = owners()
    return {
        "greeting": store.GREETING,
        "branch": os.environ.get("RELEASE_BRANCH_NAME", "none"),
        "commit": os.environ.get("RELEASE_COMMIT_SHORT", "none"),
        "environment": os.environ.get("RELEASE_ENV_ID", "none"),
        "parcels": [
            {**parcel, "owner": names.get(parcel["owner"], f"account {parcel['owner']}")}
            for parcel in store.parcels()
        ],
    }


class Api(http.server.BaseHTTPRequestHandler):
    """Answers services and, from pages of other addresses, browsers."""

    def do_GET(self) -> None:
        """``/parcels``, ``/health``, or 404."""
        path = self.path.partition("?")[0]
        if path in ("/", "/parcels"):
            self.answer(200, told())
        elif path == "/health":
            self.answer(200, {"parcels": len(store.parcels())})
        else:
            self.answer(404, {"error": "There is no such thing. Ask for /parcels."})

    def do_OPTIONS(self) -> None:
        """What a browser asks before it asks."""
        self.answer(200, {})

    def answer(self, status: int, told: dict[str, Any]) -> None:
        """Send JSON that pages of any address may read: nothing here is secret."""
        body = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Methods", "GET, OPTIONS")
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """One line a request; the probe asks every second, and is left out."""
        if self.path != "/health":
            super().log_request(code, size)


def main() -> None:
    """Serve until ended, at the address that the environment gives."""
    store.prepare()
    address = (os.environ.get("BIND", "127.0.0.1"), int(os.environ.get("PORT", "4000")))
    print(f"api listens on {address[0]}:{address[1]}")
    http.server.ThreadingHTTPServer(address, Api).serve_forever()


if __name__ == "__main__":
    main()
