"""Speaking to an API server: one client for each process, and its errors in words."""

import json
import os
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import yaml
from lightkube import KubeConfig, SingleConfig
from lightkube.config import client_adapter
from lightkube.core.exceptions import ConfigError

from environments.core.ports import EngineError, EngineRefused
from environments.core.sentences import one_line

IN_CLUSTER = "in-cluster"
FIELD_MANAGER = "releaseclone"
_SECONDS = httpx2.Timeout(30.0, connect=5.0)
_CHECK_SECONDS = httpx2.Timeout(5.0)
_OLDEST = (1, 28)
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _CONFLICT = 401, 403, 404, 409
_GONE, _TOO_MANY, _FAILED = 410, 429, 500
_UNREADABLE = (OSError, ValueError, KeyError, TypeError, AttributeError)


class Missing(EngineRefused):
    """What was asked for is not there."""


class _Refusal(Exception):
    """What the API answers instead."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Connection:
    """A cluster of a kubeconfig, or the one that this process runs in.

    ``kubeconfig``: a path, or ``in-cluster``; ``cluster``: the name of one of its contexts, "" is
    the current one.
    """

    def __init__(self, kubeconfig: str, cluster: str) -> None:
        self.kubeconfig, self.cluster = kubeconfig, cluster
        self._lock = threading.Lock()
        self._made: tuple[int, SingleConfig, httpx2.Client] | None = None

    def config(self) -> SingleConfig:
        """Where the cluster is, and who is asking; ``EngineError`` where nothing tells."""
        return self._connected()[1]

    @property
    def _http(self) -> httpx2.Client:
        return self._connected()[2]

    def _connected(self) -> tuple[int, SingleConfig, httpx2.Client]:
        with self._lock:
            # A worker is forked: its parent's connections are not its own.
            if self._made is None or self._made[0] != os.getpid():
                config = self._read()
                with self._configuring():
                    # Only who is asking is the library's part: its objects are decoded by code
                    # that falls when two threads begin at once, and its watches never end.
                    made = client_adapter.Client(
                        config,
                        client_adapter.ConnectionParams(timeout=_SECONDS, trust_env=False),
                    )
                self._made = os.getpid(), config, made
            return self._made

    def _read(self) -> SingleConfig:
        with self._configuring():
            if self.kubeconfig == IN_CLUSTER:
                found = KubeConfig.from_service_account().get()
            else:
                found = KubeConfig.from_file(self.kubeconfig).get(self.cluster or None)
        if found is None:
            raise EngineError(f"{self.kubeconfig} names no current context. Name one of its own.")
        return found

    @contextmanager
    def _configuring(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as missing:
            raise EngineError(
                f"There is no kubeconfig at {missing.filename or self.kubeconfig}. Correct "
                "RELEASECLONE_KUBECONFIG, and start the product again."
            ) from missing
        except PermissionError as closed:
            raise EngineError(
                f"This user may not read {closed.filename or self.kubeconfig}. Let it, or use "
                "another kubeconfig."
            ) from closed
        except ConfigError as wrong:
            text = str(wrong)
            if self.cluster and self.cluster in text:
                text = f"{self.kubeconfig} has no context {self.cluster}"
            elif self.kubeconfig == IN_CLUSTER:
                text = "this process does not run in a pod with a service account"
            raise EngineError(f"The cluster cannot be reached: {text}. Correct it.") from wrong
        except (msgspec.ValidationError, yaml.YAMLError, ssl.SSLError, *_UNREADABLE) as wrong:
            raise EngineError(
                f"{self.kubeconfig} is not a kubeconfig that can be used ({one_line(str(wrong))}). "
                "Try it with kubectl --kubeconfig."
            ) from wrong

    @property
    def server(self) -> str:
        """The address of the API server."""
        return str(self.config().cluster.server)

    def ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        content: Mapping[str, Any] | None = None,
        kind: str = "application/json",
    ) -> Any:
        """The answer to a request, as JSON; ``content`` is sent as this kind of it."""
        sent = None if content is None else json.dumps(content).encode()
        with self.telling():
            answer = self._http.request(
                method,
                path,
                params=dict(params or {}),
                content=sent,
                headers={"Content-Type": kind},
            )
            _raise_for(answer)
            return answer.json()

    def lines(
        self, path: str, params: Mapping[str, str], *, seconds: float = 0.0
    ) -> Iterator[bytes]:
        """Read something line by line as it comes, each without its end; nothing may come for so
        long."""
        patience = httpx2.Timeout(30.0, connect=5.0, read=seconds + 30.0)
        rest = b""
        with (
            self.telling(),
            self._http.stream("GET", path, params=dict(params), timeout=patience) as answer,
        ):
            _raise_for(answer)
            for chunk in answer.iter_bytes():
                *whole, rest = (rest + chunk).split(b"\n")
                yield from whole
            if rest:
                yield rest

    def check(self) -> str:
        """Who answers: "Kubernetes v1.36.3 at https://10.0.0.1:6443"."""
        with self.telling():
            answer = self._http.get("/version", timeout=_CHECK_SECONDS)
            _raise_for(answer)
            try:
                version = answer.json()
                found = tuple(int(version[key].rstrip("+")) for key in ("major", "minor"))
            except (ValueError, KeyError, TypeError, AttributeError) as strange:
                raise EngineError(
                    f"What answers at {self.server} is no Kubernetes API server. Correct the "
                    "kubeconfig."
                ) from strange
        if found < _OLDEST:
            least = ".".join(map(str, _OLDEST))
            raise EngineError(
                f"The cluster at {self.server} runs Kubernetes {version['gitVersion']}; at least "
                f"{least} is needed. Update it."
            )
        return f"Kubernetes {version['gitVersion']} at {self.server}"

    @contextmanager
    def telling(self) -> Iterator[None]:
        """What the API server refuses is told as engines tell things."""
        try:
            yield
        except _Refusal as wrong:
            raise self._told(wrong) from wrong
        except ConfigError as wrong:
            raise EngineError(f"The cluster cannot be reached: {wrong}.") from wrong
        except (httpx2.HTTPError, OSError) as away:
            raise EngineError(self._away(away)) from away

    def _told(self, wrong: _Refusal) -> EngineError:
        code, text = wrong.code, one_line(str(wrong))
        if code == _NOT_FOUND:
            return Missing(f"The cluster refused: {text}")
        if code == _UNAUTHORISED:
            with self._lock:  # they may have been renewed in the file meanwhile
                self._made = None
            return EngineError(
                "The cluster does not know who is asking: the credentials of the kubeconfig are "
                "wrong or have expired. Renew them."
            )
        if code == _FORBIDDEN and "exceeded quota" in text:
            return EngineRefused(
                f"The namespace's quota does not allow it: {text}. Ask for less in the template, "
                "or have the quota raised."
            )
        if code == _FORBIDDEN:
            return EngineRefused(
                f"The cluster does not let the product do this: {text}. Give its account the role "
                "that the documentation shows."
            )
        if code == _TOO_MANY:
            return EngineError(f"The cluster has too much to do just now: {text}")
        if code in (_CONFLICT, _GONE) or code >= _FAILED:
            return EngineError(f"The cluster could not do it now: {text}")
        return EngineRefused(f"The cluster refused: {text}")

    def _away(self, away: Exception) -> str:
        text = str(away)
        try:
            where = self.server
        except EngineError as unconfigured:
            return str(unconfigured)
        if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
            return (
                f"The certificate of {where} is not the one that the kubeconfig trusts. Correct "
                "its certificate-authority."
            )
        if isinstance(away, httpx2.TimeoutException):
            return f"The cluster at {where} does not answer in time. Look whether it runs."
        return (
            f"The cluster at {where} does not answer ({one_line(text)}). Look whether it runs, and "
            "at the kubeconfig."
        )


def _raise_for(answer: httpx2.Response) -> None:
    """``_Refusal`` with what the API says."""
    if answer.is_success:
        return
    answer.read()
    try:
        text = str(answer.json()["message"])
    except (ValueError, KeyError, TypeError):
        text = f"HTTP {answer.status_code}"
    raise _Refusal(answer.status_code, text)


def contexts_of(kubeconfig: str) -> list[str]:
    """The names of the contexts of a kubeconfig, the current one first; none where it cannot be
    read."""
    if kubeconfig in ("", IN_CLUSTER):
        return []
    try:
        found = KubeConfig.from_file(Path(kubeconfig))
    except (ConfigError, msgspec.ValidationError, yaml.YAMLError, *_UNREADABLE):
        return []
    return sorted(found.contexts, key=lambda name: (name != found.current_context, name))
