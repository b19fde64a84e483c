"""An add-on of a real Anki, which quits while an answer is being written.

While it quits, its loop runs on for a moment in which no thread can be made: it has set
`sys.excepthook` to None, so that `threading.Thread()` raises `RuntimeError`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from service import Service
from vendoring import copy_package
from waiting import eventually

pytestmark = pytest.mark.skipif(
    find_spec("aqt") is None, reason="there is no Anki: `bash .ci/anki` installs one"
)

PROFILE = """
import sys
import anki.lang
from aqt.profiles import ProfileManager

anki.lang.set_lang("en_US")
profiles = ProfileManager(ProfileManager.get_created_base_folder(sys.argv[1]))
profiles.setupMeta()
profiles.setLang("en_US")
profiles.set_update_check(False)
profiles.create("Tester")
profiles.load("Tester")
profiles.set_check_for_addon_updates(False)
profiles.save()
"""
ADD_ON = """
import json, sys, threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "vendor"))
from aqt import gui_hooks, mw
from aqt.qt import sip
from suggestions import SuggestionsEventSource
from suggestions.toolkits import qt

log = open({log!r}, "a", buffering=1)
is_quitting = False

def can_make_threads():
    try:
        threading.Thread()
    except RuntimeError:
        return False
    return True

def note(source, event):
    note = {{
        "type": event.type,
        "on_main": threading.current_thread() is threading.main_thread(),
        "threads": can_make_threads(),
        "window": not sip.isdeleted(mw),
        "collection": mw.col is not None,
    }}
    print(json.dumps(note), file=log)

def quit_in_mid_answer(source, event):
    global is_quitting
    if len(event.detail) > 2000 and not is_quitting:
        is_quitting = True
        {quit}

def ask():
    source = SuggestionsEventSource(
        "?", url={url!r}, dispatch={dispatch}, {options}, start=False
    )
    for name in ("suggestion", "done", "abort", "error", "end", "handler_error"):
        source.connect(name, note)
    source.connect("suggestion", quit_in_mid_answer)
    {before}
    source.start()

gui_hooks.profile_did_open.append(ask)
"""
WAYS_TO_QUIT = ("mw.unloadProfileAndExit()", "mw.close()")
CHANGE_PROFILE = (
    "mw.unloadProfileAndShowProfileManager();"
    "mw.progress.single_shot(500, lambda: mw.profileDiag.close(), False)"
)


def make_base(folder: Path, add_on: str) -> None:
    """Anki's folder: a profile, so that it asks nothing, and an add-on with its packages."""
    subprocess.run([sys.executable, "-c", PROFILE, str(folder)], check=True, timeout=60)
    asker = folder / "addons21" / "asker"
    (asker / "vendor").mkdir(parents=True)
    (asker / "__init__.py").write_text(add_on, encoding="utf-8")
    for name in ("suggestions", "sseclient"):  # Anki has the others
        copy_package(name, asker / "vendor")


def run_anki(base: Path, display: str) -> str:
    """Returns all that it printed: on stdout it prints what others write to `sys.stderr`, too."""
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    with (base / "printed").open("w+", encoding="utf-8") as printed:
        process = subprocess.run(
            [sys.executable, "-c", "import aqt; aqt.run()", "-b", str(base), "-p", "Tester"],
            env={
                **inherited,
                "DISPLAY": display,
                "QT_QPA_PLATFORM": "xcb",
                "HOME": str(base),
                "XDG_RUNTIME_DIR": str(base),
                "ANKI_SINGLE_INSTANCE_KEY": str(base),
                # Chromium's sandbox refuses to run for root.
                "QTWEBENGINE_CHROMIUM_FLAGS": "--no-sandbox --disable-gpu",
            },
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            timeout=60,
            check=False,
        )
        printed.seek(0)
        text = printed.read()
    assert process.returncode == 0, text
    return text


def quit_anki(
    folder: Path, display: str | None, quit_by: str, dispatch: str, options: str, before: str = ""
) -> list[dict[str, Any]]:
    """What the handlers noted until Anki had quit, which it did with nothing of ours printed."""
    if display is None:
        pytest.skip("no display: install xvfb")
    base, log = folder / "base", folder / "log"
    with Service(1_000_000, pace=0.001) as service:
        given = {"quit": quit_by, "dispatch": dispatch, "options": options, "before": before}
        make_base(base, ADD_ON.format(**given, url=service.url, log=str(log)))
        printed = run_anki(base, display)
        assert eventually(service.has_seen_all_hang_up)
    # In a traceback of ours is the path of the copy; Anki's own web server may print one as well.
    for trouble in ("suggestions", "Exception ignored"):
        assert trouble not in printed, printed
    notes = [json.loads(line) for line in log.read_text().splitlines()]
    assert {note["on_main"] for note in notes} == {True}
    return notes


@pytest.mark.parametrize("options", ["throttle=0.01", "smooth=True"])
@pytest.mark.parametrize("dispatch", ["qt()", "qt(mw)"])
def test_anki_quits_in_mid_answer(
    dispatch: str, options: str, display: str | None, tmp_path: Path
) -> None:
    notes = []
    for number, quit_by in enumerate(WAYS_TO_QUIT):
        folder = tmp_path / str(number)
        folder.mkdir()
        notes += quit_anki(folder, display, quit_by, dispatch, options)
    # The source closes when its window is deleted, or when the application quits.
    assert {note["type"] for note in notes} == {"suggestion"}
    if dispatch == "qt(mw)":
        assert all(note["window"] for note in notes)
    else:
        assert not all(note["threads"] for note in notes), "no handler ran late enough"


@pytest.mark.parametrize("leave", [WAYS_TO_QUIT[0], CHANGE_PROFILE])
def test_an_add_on_closes_its_source_with_the_profile(
    leave: str, display: str | None, tmp_path: Path
) -> None:
    notes = quit_anki(
        *(tmp_path, display, leave, "qt(mw)", "throttle=0.01"),
        before="gui_hooks.profile_will_close.append(source.close)",
    )
    assert [note["type"] for note in notes[-3:]] == ["suggestion", "abort", "end"]
    assert all(note["collection"] for note in notes if note["type"] == "suggestion")
