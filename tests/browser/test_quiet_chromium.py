"""The browser of the tests is not disturbed by what other tests start beside it."""

import os
import shutil
import subprocess
import threading
import time

import pytest
from playwright.sync_api import Browser
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

_PICTURES = 8


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives the machine another address")
@pytest.mark.skipif(shutil.which("ip") is None, reason="there is no program ip (iproute2)")
def test_nothing_is_dropped_when_the_machine_s_addresses_change(
    browser: Browser, httpserver: HTTPServer
) -> None:
    loaded: list[str] = []

    def slow(request: Request) -> Response:
        time.sleep(0.05)
        loaded.append(request.path)
        return Response("x")

    pictures = "".join(f"<img src=/picture/{number}>" for number in range(_PICTURES))
    httpserver.expect_request("/").respond_with_data(pictures, content_type="text/html")
    for number in range(_PICTURES):
        httpserver.expect_request(f"/picture/{number}").respond_with_handler(slow)
    ends = threading.Event()

    def come_and_go() -> None:
        while not ends.is_set():
            for act in ("add", "del"):
                subprocess.run(["ip", "address", act, "127.77.7.7/32", "dev", "lo"], check=True)

    other = threading.Thread(target=come_and_go)
    failed: list[str] = []
    with browser.new_context() as context:
        page = context.new_page()
        page.on("requestfailed", lambda one: failed.append(str(one.failure)))
        other.start()
        try:
            for _ in range(10):
                page.goto(httpserver.url_for("/"), wait_until="load")
        finally:
            ends.set()
            other.join()
    assert failed == []
    assert loaded.count("/picture/0") == 10
