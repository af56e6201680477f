"""A browser for journeys: headless Chromium driven by plain W3C WebDriver requests, without any further package."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)
_ENTER = chr(0xE007)  # WebDriver: the code point of the Enter key
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key that W3C WebDriver gives an element


def has_browser() -> bool:
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    """One browser window with an empty profile; close it, or use it in a `with`."""

    def __init__(self, *, script: bool = True, dark: bool = False) -> None:
        self._profile = tempfile.mkdtemp(prefix="lienthong-browser-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._driver = subprocess.Popen(
            ["chromedriver", f"--port={port}", "--silent"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self._session = ""
        try:
            self._wait_until_ready()
            options = {
                "binary": shutil.which("chromium"),
                "args": [*_FLAGS, f"--user-data-dir={self._profile}"],
                "prefs": {} if script else {"profile.managed_default_content_settings.javascript": 2},
            }
            always = {"browserName": "chrome", "goog:chromeOptions": options}
            self._session = self._post("/session", {"capabilities": {"alwaysMatch": always}})["sessionId"]
            if dark:
                scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
                self.devtools("Emulation.setEmulatedMedia", features=scheme)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._session:
            with suppress(httpx.HTTPError):  # a browser that hangs is ended with its driver
                self._http.delete(f"/session/{self._session}", timeout=10)
        self._http.close()
        # The driver and the browser that it started are one group of processes
        os.killpg(self._driver.pid, signal.SIGTERM)
        self._driver.wait(timeout=20)
        shutil.rmtree(self._profile, ignore_errors=True)

    def go(self, address: str) -> None:
        self._post(self._path("url"), {"url": address})

    @property
    def address(self) -> str:
        return str(self._get(self._path("url")))

    def size(self, width: int, height: int = 900) -> None:
        """The size of the page in CSS pixels; below 600 as a phone shows it."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def text(self, css: str = "body") -> str:
        return str(self._get(self._path(f"element/{self._find(css)}/text")))

    def type(self, css: str, words: str) -> None:
        self._post(self._path(f"element/{self._find(css)}/value"), {"text": words})

    def click(self, css: str) -> None:
        self._post(self._path(f"element/{self._find(css)}/click"), {})

    def follow(self, css: str) -> None:
        """A click that leads to another page, and the wait until that page is there."""
        self._leaving(lambda: self.click(css))

    def enter(self) -> None:
        """The Enter key on a link or a form, and the wait until the page it leads to is there."""
        self._leaving(lambda: self.press(_ENTER))

    def _leaving(self, act: Callable[[], None]) -> None:
        # A form's answer may take a while (a password is slow to check): the old page is marked and waited away
        self.run("window.isOldPage = true")
        act()
        for _ in range(600):
            if self.run("return !window.isOldPage && document.readyState === 'complete'"):
                return
            time.sleep(0.05)
        raise AssertionError(f"nothing followed on {self.address}")

    def press(self, key: str) -> None:
        """A key on whatever has the focus."""
        keys = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        self._post(self._path("actions"), {"actions": [{"type": "key", "id": "keys", "actions": keys}]})

    def run(self, script: str) -> Any:
        return self._post(self._path("execute/sync"), {"script": script, "args": []})

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self._post(self._path("goog/cdp/execute"), {"cmd": command, "params": parameters})

    def screenshot(self, path: Path) -> None:
        """The whole page, not only what the window shows."""
        # Asking the page itself makes it lay itself out first
        width, height = self.run("const e = document.documentElement; return [e.clientWidth, e.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(shot["data"]))

    def _find(self, css: str) -> str:
        return str(self._post(self._path("element"), {"using": "css selector", "value": css})[_ELEMENT])

    def _path(self, rest: str) -> str:
        return f"/session/{self._session}/{rest}"

    def _get(self, path: str) -> Any:
        return _value(self._http.get(path))

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        return _value(self._http.post(path, json=body))

    def _wait_until_ready(self) -> None:
        for _ in range(200):
            try:
                if self._http.get("/status").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError("chromedriver does not answer")


def _value(answer: httpx.Response) -> Any:
    value = answer.json()["value"]
    if answer.status_code != 200:
        raise AssertionError(f"{value['error']}: {value['message'].splitlines()[0]}")
    return value
