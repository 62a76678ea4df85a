"""A page for the office: how many parcels are where."""

import collections
import http.server
import os

import store


class Reports(http.server.BaseHTTPRequestHandler):
    """Answers with one line a state."""

    def do_GET(self) -> None:
        """The report, whatever the path."""
        counted = collections.Counter(parcel["state"] for parcel in store.parcels())
        body = "".join(f"{state}: {counted[state]}\n" for state in store.STATES).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve until ended, at the address that the environment gives."""
    store.prepare()
    address = (os.environ.get("BIND", "127.0.0.1"), int(os.environ.get("PORT", "4100")))
    print(f"reports listens on {address[0]}:{address[1]}")
    http.server.ThreadingHTTPServer(address, Reports).serve_forever()


if __name__ == "__main__":
    main()
