"""Makes the pictures of docs/images that show windows, from the real ones and the playground.

    pip install PyQt6 textual Pillow
    xvfb-run -s "-screen 0 1400x1400x24" python docs/pictures.py

Tk is drawn on that display, and Chromium makes a picture of what Textual exports; Qt needs neither.
With the name of a picture, such as `qt` or `panel-tk-dark`, only that is made; `panel` is the
animated one.
"""

import asyncio
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.update(QT_QPA_PLATFORM="offscreen", QT_LOGGING_RULES="default.warning=false")
os.environ["QT_SCALE_FACTOR"] = "1" if sys.argv[1:] == ["panel"] else "2"
ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
sys.path[:0] = [str(ROOT), str(ROOT / "examples")]

from PIL import Image, ImageGrab  # noqa: E402

from suggestions import Conversation, toolkits  # noqa: E402
from suggestions.dialects.openai import OpenAI  # noqa: E402
from suggestions.playground import Playground  # noqa: E402

WIDTH, HEIGHT = 480, 560
QUESTIONS = ("Write a piece of code", 'Get weather for "Paris", please.')
SHOWN = 340  # characters of the answer in qt.png, of about 470
PAUSE, FRAME = 1.5, 0.1  # seconds: for a person to read, and between two frames
DARK = {"Window": "#202226", "WindowText": "#e6e6e6", "Base": "#17181b", "AlternateBase": "#24262b"}
DARK |= {"Text": "#e6e6e6", "Button": "#2d3036", "ButtonText": "#e6e6e6", "Link": "#7ab8ff"}
DARK |= {"PlaceholderText": "#8a8d93", "Highlight": "#3b6ea5", "HighlightedText": "#ffffff"}
DARK |= {"Light": "#3a3d44", "Midlight": "#33363c", "Mid": "#26282d", "Dark": "#141518"}


def get_weather(city: str) -> dict[str, str | int]:
    """The weather in a city now."""
    return {"city": city, "degrees": 18, "sky": "clear"}


def new_chat(playground: Playground, dispatch: object) -> Conversation:
    dialect = OpenAI(playground.openai_url)
    tools = {"tools": [get_weather], "approve": [get_weather]}
    return Conversation(dialect=dialect, token="playground", dispatch=dispatch, **tools)


def fill(chat: Conversation, turn: object) -> None:
    """Asks both questions. `turn` runs the toolkit's loop for a moment."""
    for question in QUESTIONS:
        chat.send(question)
        while chat.status in ("submitted", "streaming"):
            turn()
    for _ in range(20):  # until all is laid out
        turn()
        time.sleep(0.02)


# Qt


def qt_app(is_dark: bool):
    from PyQt6 import QtGui, QtWidgets

    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    app.setStyle("Fusion")
    palette = app.style().standardPalette()
    for role, color in DARK.items() if is_dark else ():
        palette.setColor(getattr(QtGui.QPalette.ColorRole, role), QtGui.QColor(color))
    app.setPalette(palette)
    return app


def qt_panel(is_dark: bool, file: Path) -> None:
    app = qt_app(is_dark)
    from suggestions.views.qt import ChatPanel

    with Playground(pace=0) as playground:
        chat = new_chat(playground, toolkits.qt())
        panel = ChatPanel(chat)
        panel.resize(WIDTH, HEIGHT)
        panel.show()
        fill(chat, app.processEvents)
        panel.grab().save(str(file))
        chat.close()
        panel.close()


def qt_window(file: Path) -> None:
    app = qt_app(False)
    from qt_window import Window

    with Playground() as playground:
        window = Window(playground.jetpack_url)
        window.resize(640, 260)
        window.show()
        window.ask()
        while len(window.source.full_message) < SHOWN:
            app.processEvents()
        window.grab().save(str(file))
        window.close()


def animation(file: Path) -> None:
    """A person asks, allows a tool's call, and reads: a frame each `FRAME` seconds."""
    app = qt_app(False)
    from PyQt6 import QtCore, QtTest, QtWidgets

    from suggestions.views.qt import ChatPanel

    frames: list[Image.Image] = []

    def take() -> None:
        data = QtCore.QBuffer()
        data.open(QtCore.QBuffer.OpenModeFlag.WriteOnly)
        panel.grab().save(data, "PNG")
        frames.append(Image.open(io.BytesIO(bytes(data.data()))).convert("RGB"))

    def play(goes_on) -> None:
        while goes_on():
            until = time.monotonic() + FRAME
            while time.monotonic() < until:
                app.processEvents()
            take()

    def rest() -> None:
        until = time.monotonic() + PAUSE
        play(lambda: time.monotonic() < until)

    with Playground() as playground:
        chat = new_chat(playground, toolkits.qt())
        panel = ChatPanel(chat)
        panel.resize(WIDTH, HEIGHT)
        panel.show()
        panel.activateWindow()
        for question in QUESTIONS:
            field = panel.focusProxy()
            field = field.focusProxy() or field
            for letters in [question[at : at + 3] for at in range(0, len(question), 3)]:
                QtTest.QTest.keyClicks(field, letters)
                app.processEvents()
                take()
            QtTest.QTest.keyClick(field, QtCore.Qt.Key.Key_Return)
            play(lambda: chat.status in ("submitted", "streaming"))
            rest()
        buttons = panel.findChildren(QtWidgets.QAbstractButton)
        [allow] = [each for each in buttons if each.text() == "Allow" and each.isVisible()]
        QtTest.QTest.mouseClick(allow, QtCore.Qt.MouseButton.LeftButton)
        play(lambda: chat.status not in ("ready", "error"))
        rest()
        rest()
        chat.close()
    colors = frames[-1].quantize(64)
    drawn = [frame.quantize(palette=colors, dither=Image.Dither.NONE) for frame in frames]
    duration = int(FRAME * 1000)
    drawn[0].save(file, save_all=True, append_images=drawn[1:], duration=duration, loop=0)


# Tk


def grab_tk(root, turn, file: Path) -> None:
    for _ in range(10):
        turn()
        time.sleep(0.02)
    left, top = root.winfo_rootx(), root.winfo_rooty()
    box = (left, top, left + root.winfo_width(), top + root.winfo_height())
    ImageGrab.grab(box, xdisplay=os.environ["DISPLAY"]).save(file)
    root.destroy()


def tk_panel(is_dark: bool, file: Path) -> None:
    import tkinter
    from tkinter import ttk

    from suggestions.views.tk import ChatPanel

    root = tkinter.Tk()
    style = ttk.Style(root)
    style.theme_use("clam")
    if is_dark:
        back, text, field = DARK["Window"], DARK["WindowText"], DARK["Base"]
        style.configure(".", background=back, foreground=text, fieldbackground=field)
        style.configure(".", bordercolor=DARK["Light"], lightcolor=back, darkcolor=back)
        style.configure(".", troughcolor=field, arrowcolor=text)
        style.map("TButton", background=[("active", DARK["Light"])])
        style.configure("TButton", background=DARK["Button"])
    root.geometry(f"{WIDTH}x{HEIGHT}+0+0")
    with Playground(pace=0) as playground:
        chat = new_chat(playground, toolkits.tk(root))
        ChatPanel(root, chat).pack(fill="both", expand=True)
        fill(chat, root.update)
        grab_tk(root, root.update, file)
        chat.close()


def tk_window(file: Path) -> None:
    from tk_window import Window

    with Playground() as playground:
        window = Window(playground.jetpack_url)
        window.geometry("640x260+0+0")
        window.ask()
        while len(window.source.full_message) < SHOWN // 2:
            window.update()
        grab_tk(window, window.update, file)


# Textual


def textual_panel(is_dark: bool, file: Path) -> None:
    from textual.app import App

    from suggestions.views.textual import ChatPanel

    class Shown(App):
        def compose(self):
            self.chat = new_chat(playground, toolkits.textual(self))
            yield ChatPanel(self.chat)

    async def export() -> str:
        app = Shown()
        async with app.run_test(size=(64, 34)) as pilot:
            app.theme = "textual-dark" if is_dark else "textual-light"
            for question in QUESTIONS:
                app.chat.send(question)
                while app.chat.status in ("submitted", "streaming"):
                    await pilot.pause(0.05)
            await pilot.pause(1)
            exported = app.export_screenshot(title="A chat in Textual")
            app.chat.close()
            return exported

    with Playground(pace=0) as playground:
        drawing = asyncio.run(export())
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(f"<body style='margin:0'>{drawing}</body>", "utf-8")
        _, _, sizes = drawing.partition('viewBox="0 0 ')
        width, height, *_ = sizes.replace('"', " ").split()
        chromium = ["chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu"]
        size = f"--window-size={int(float(width))},{int(float(height))}"
        subprocess.run(
            [*chromium, size, f"--screenshot={file}", f"file://{page}"],
            check=True,
            capture_output=True,
            timeout=60,
        )


PICTURES = {"qt": qt_window, "tk": tk_window}
for name, make in {"qt": qt_panel, "tk": tk_panel, "textual": textual_panel}.items():
    for look in ("light", "dark"):
        PICTURES[f"panel-{name}-{look}"] = lambda file, make=make, look=look: make(
            look == "dark", file
        )

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            for name in [*PICTURES, "panel"]:
                subprocess.run([sys.executable, __file__, name], check=True)
        case ["panel"]:
            animation(IMAGES / "panel.gif")
        case [name]:
            PICTURES[name](IMAGES / f"{name}.png")
