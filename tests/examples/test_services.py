"""The examples' services, each as a process of its own."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx2

Repositories = Mapping[str, Path]
Start = Callable[..., str]
RELEASE = {
    "RELEASE_BRANCH_NAME": "feature-1",
    "RELEASE_COMMIT_SHORT": "abc1234",
    "RELEASE_ENV_ID": "ted1a2b",
}


def host_and_port(service: str, url: str) -> dict[str, str]:
    _, _, address = url.partition("://")
    host, _, port = address.partition(":")
    return {f"{service}_SERVICE_HOST": host, f"{service}_SERVICE_PORT": port}


def test_accounts_tells_who_there_is(repositories: Repositories, start: Start) -> None:
    url = start(repositories["accounts"], "accounts.py", **RELEASE)
    told = httpx2.get(f"{url}/accounts").json()
    assert told["branch"] == "feature-1"
    assert [account["name"] for account in told["accounts"]] == ["Ines Duarte", "Tove Lind"]
    assert httpx2.get(f"{url}/other").status_code == 404


def test_accounts_keeps_towns_to_itself_where_it_is_told_to(
    repositories: Repositories, start: Start
) -> None:
    url = start(repositories["accounts"], "accounts.py", SHOW_TOWNS="no")
    assert all("town" not in account for account in httpx2.get(url).json()["accounts"])


def test_the_api_knows_parcels_without_accounts(repositories: Repositories, start: Start) -> None:
    url = start(repositories["backend"], "api.py", **RELEASE)
    told = httpx2.get(f"{url}/parcels").json()
    assert told["environment"] == "ted1a2b"
    assert told["parcels"][0] == {
        "number": "P-100",
        "what": "Tea",
        "owner": "account 1",
        "state": "packed",
    }


def test_the_api_names_owners_where_accounts_are_near(
    repositories: Repositories, start: Start
) -> None:
    accounts = start(repositories["accounts"], "accounts.py")
    url = start(repositories["backend"], "api.py", **host_and_port("ACCOUNTS", accounts))
    owners = {parcel["owner"] for parcel in httpx2.get(f"{url}/parcels").json()["parcels"]}
    assert owners == {"Ines Duarte", "Tove Lind"}


def test_a_browser_may_ask_the_api_from_another_address(
    repositories: Repositories, start: Start
) -> None:
    url = start(repositories["backend"], "api.py")
    origin = {"Origin": "http://web-frontend-ted1a2b.localhost:8080"}
    for answer in (
        httpx2.get(f"{url}/parcels", headers=origin),
        httpx2.request("OPTIONS", f"{url}/parcels", headers=origin),
    ):
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_job_prepares_the_database_and_may_run_again(
    repositories: Repositories, tmp_path: Path
) -> None:
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "migrate.py"],
            cwd=repositories["backend"],
            env={"DATABASE": str(tmp_path / "x.sqlite3"), "PYTHONDONTWRITEBYTECODE": "1"},
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout == "The database is ready and has 3 parcels.\n"


def test_the_worker_moves_parcels_and_reports_count_them(
    repositories: Repositories, start: Start, tmp_path: Path
) -> None:
    reports = start(repositories["backend"], "reports.py")
    assert httpx2.get(reports).text == "packed: 3\non its way: 0\ndelivered: 0\n"
    worker = subprocess.Popen(
        [sys.executable, "worker.py"],
        cwd=repositories["backend"],
        env={
            "DATABASE": str(tmp_path / "parcels.sqlite3"),
            "STEP_SECONDS": "0.05",
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(400):
            if "packed: 3" not in httpx2.get(reports).text:
                break
            time.sleep(0.025)
        else:
            raise AssertionError("no parcel moved")
    finally:
        worker.kill()
        worker.wait()


class TestPage:
    def test_it_names_itself(self, repositories: Repositories, start: Start) -> None:
        url = start(repositories["frontend"], "web.py", **RELEASE, GREETING="Hi <there>")
        page = httpx2.get(url).text
        for text in ("feature-1", "abc1234", "ted1a2b", "Parcel desk", "Hi &lt;there&gt;"):
            assert text in page

    def test_it_shows_what_the_backend_answered_at_its_address(
        self, repositories: Repositories, start: Start
    ) -> None:
        api = start(repositories["backend"], "api.py", RELEASE_BRANCH_NAME="feature-2")
        url = start(repositories["frontend"], "web.py", REACT_APP_BACKEND_API=api)
        page = httpx2.get(url).text
        assert "Everything is on its way" in page
        assert "<strong>feature-2</strong>, reached by <code>REACT_APP_BACKEND_API</code>" in page
        assert "<td>Two books</td>" in page
        assert f'data-url="{api}/parcels"' in page

    def test_where_the_name_does_not_resolve_it_uses_the_service_variables(
        self, repositories: Repositories, start: Start
    ) -> None:
        api = start(repositories["backend"], "api.py")
        url = start(
            repositories["frontend"],
            "web.py",
            REACT_APP_BACKEND_API="http://api-backend.invalid:8080",
            **host_and_port("API", api),
        )
        page = httpx2.get(url).text
        assert "reached by <code>API_SERVICE_HOST</code>" in page
        assert 'data-url="http://api-backend.invalid:8080/parcels"' in page

    def test_it_says_what_is_missing(self, repositories: Repositories, start: Start) -> None:
        url = start(repositories["frontend"], "web.py", REACT_APP_BACKEND_API="http://127.0.0.1:1")
        page = httpx2.get(url).text
        assert "No answer from backend: it did not answer" in page
        assert "No answer from accounts: it is not part of this environment." in page

    def test_its_files_are_its_own(self, repositories: Repositories, start: Start) -> None:
        url = start(repositories["frontend"], "web.py")
        answer = httpx2.get(url)
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        assert "<style" not in answer.text
        assert httpx2.get(f"{url}/look.css").text == ":root { --accent: #2f6f4f; }"
        for file in ("page.css", "page.js"):
            assert httpx2.get(f"{url}/{file}").status_code == 200
        assert httpx2.get(f"{url}/../web.py").status_code == 404
