"""The extension in a real LibreOffice, which a program of UNO's drives, as its menus would."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from host import SYSTEM
from real_host import SOON, check, copy_example, environment, hangs_up_soon, run, vendor
from service import Service
from waiting import eventually

OFFICE, PACKAGES = shutil.which("soffice"), shutil.which("unopkg")
HAS_UNO = (
    subprocess.run([SYSTEM, "-c", "import uno"], capture_output=True, check=False).returncode == 0
)
pytestmark = [
    pytest.mark.skipif(OFFICE is None or PACKAGES is None, reason="there is no LibreOffice"),
    pytest.mark.skipif(not HAS_UNO, reason="there is no python3-uno"),
]
NO_JAVA = "Warning: failed to launch javaldx - java may not function correctly"
"""The office says so wherever Java is not installed."""
PROBE = """
import threading, unohelper
from com.sun.star.task import XJobExecutor

class Probe(unohelper.Base, XJobExecutor):
    def __init__(self, context):
        pass

    def trigger(self, path):
        import suggestions
        with open(path, "w") as file:
            print(suggestions.__file__, *[each.name for each in threading.enumerate()], file=file)

g_ImplementationHelper = unohelper.ImplementationHelper()
g_ImplementationHelper.addImplementation(Probe, "probe", ("probe",))
"""
ENTRY = (
    "<manifest:file-entry manifest:full-path='probe.py' "
    "manifest:media-type='application/vnd.sun.star.uno-component;type=Python'/>"
)
DRIVER = """
import json, sys, time
import uno
from com.sun.star.beans import PropertyValue
from com.sun.star.connection import NoConnectException
from com.sun.star.lang import DisposedException

pipe, probe = sys.argv[1:]
local = uno.getComponentContext()
resolver = local.ServiceManager.createInstance("com.sun.star.bridge.UnoUrlResolver")
while True:
    try:
        context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
        break
    except NoConnectException:
        time.sleep(0.1)
make = lambda name: context.ServiceManager.createInstanceWithContext(name, context)
desktop, helper = make("com.sun.star.frame.Desktop"), make("com.sun.star.frame.DispatchHelper")
documents = []

def new():
    documents.append(desktop.loadComponentFromURL("private:factory/swriter", "_blank", 0, ()))

def dispatch(url):
    frame = documents[-1].getCurrentController().getFrame()
    helper.executeDispatch(frame, url, "", 0, ())

def text():
    return documents[-1].getText().getString()

def close():
    documents.pop().close(True)

def leave():
    try:
        desktop.terminate()
    except DisposedException:
        pass

for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
"""


class Driven:
    """An office, and a program that commands it."""

    def __init__(self, folder: Path, service: Service) -> None:
        assert OFFICE is not None
        assert PACKAGES is not None
        extension = copy_example("libreoffice", folder / "ask")
        vendor(extension / "pythonpath")
        (extension / "probe.py").write_text(PROBE, "utf-8")
        manifest = extension / "META-INF" / "manifest.xml"
        end = "</manifest:manifest>"
        manifest.write_text(manifest.read_text("utf-8").replace(end, ENTRY + end), "utf-8")
        archive = Path(shutil.make_archive(str(folder / "ask"), "zip", extension))
        package = archive.rename(folder / "ask.oxt")

        profile = [
            f"-env:UserInstallation={(folder / 'profile').as_uri()}",
            # For root, `unopkg` installs only what all users share.
            f"-env:UNO_SHARED_PACKAGES_CACHE={(folder / 'shared').as_uri()}",
        ]
        env = environment(folder / "home", service.url)
        run([PACKAGES, "add", "--shared", *profile, str(package)], env, NO_JAVA)
        pipe = f"suggestions{folder.name}{id(self)}"
        self._accept = f"--accept=pipe,name={pipe};urp;"
        flags = ["--headless", "--norestore", "--nologo", "--nodefault"]
        self._office = subprocess.Popen(
            [OFFICE, *profile, *flags, self._accept],
            env=env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._probe = folder / "probe"
        self._driver = subprocess.Popen(
            [SYSTEM, "-c", DRIVER, pipe, str(self._probe)],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __call__(self, command: str) -> object:
        """What the expression is in the driver."""
        assert self._driver.stdin is not None
        assert self._driver.stdout is not None
        print(command, file=self._driver.stdin, flush=True)
        return json.loads(self._driver.stdout.readline())

    def ask(self) -> None:
        self("dispatch('service:org.example.suggestions.Ask?ask')")

    def stop(self) -> None:
        self("dispatch('service:org.example.suggestions.Ask?stop')")

    def text(self) -> str:
        return str(self("text()"))

    def threads(self) -> list[str]:
        """The names of Python's threads in the office."""
        self._probe.unlink(missing_ok=True)
        self("dispatch('service:probe?' + probe)")
        file, *names = self._probe.read_text("utf-8").split()
        assert "pythonpath" in file  # the extension's own copy
        return [name for name in names if name.startswith("suggestions")]

    def wait(self) -> None:
        """The office ends well, of itself."""
        _, stderr = self._office.communicate(timeout=SOON)
        check(self._office.returncode, stderr, NO_JAVA)

    def end(self) -> None:
        for process in (self._driver, self._office):
            process.kill()
            process.communicate()


@pytest.mark.parametrize("way", ["stop", "close", "quit"])
def test_the_answer_is_typed_into_writer_until(way: str, tmp_path: Path) -> None:
    with Service(1_000_000, pace=0.01) as service:
        office = Driven(tmp_path, service)
        try:
            office("new()")
            office.ask()
            assert eventually(lambda: len(office.text()) > 50)
            assert eventually(lambda: len(office.text()) > 200)
            leave = {
                "stop": office.stop,
                "close": lambda: office("(new(), documents.pop(0).close(True))"),
                "quit": lambda: office("leave()"),
            }
            hangs_up_soon(service, leave[way])
            if way == "stop":
                text = office.text()
                assert service.text.startswith(text)
            if way != "quit":
                assert eventually(lambda: office.threads() == [])
                office.ask()  # once more
                assert eventually(lambda: len(office.text()) > 300)
                office("leave()")
            office.wait()
        finally:
            office.end()
