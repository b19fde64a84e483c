"""An add-on of Blender: it writes an answer into a text of the file.

The folder is the add-on `ask`, with what it needs in `vendor/`:

    pip install --target vendor suggestions-sdk

In the Python console: `bpy.ops.ask.question(text="Why?")`, `bpy.ops.ask.stop()`.
"""

import sys
from pathlib import Path

import bpy

sys.path.append(str(Path(__file__).parent / "vendor"))  # at the end: Blender has some of it

from .vendor.suggestions import SuggestionsEventSource
from .vendor.suggestions.toolkits import Pump

bl_info = {"name": "Ask an AI", "blender": (3, 0, 0), "category": "Text Editor"}
pump, answer = None, None


def tick():
    """Blender calls it on its main thread, on which alone `bpy` may be used."""
    pump.run()
    return 1 / 60  # seconds to the next call


def write(source, event):
    # By its name each time: the text may be renamed or deleted, and an undo makes all texts anew.
    (bpy.data.texts.get("Answer") or bpy.data.texts.new("Answer")).write(event.detail)


class Question(bpy.types.Operator):
    bl_idname, bl_label = "ask.question", "Ask an AI"
    text: bpy.props.StringProperty()

    def execute(self, context):
        global answer
        bpy.ops.ask.stop()
        answer = SuggestionsEventSource(
            self.text, dialect="openai", dispatch=pump, on={"chunk": write}
        )
        return {"FINISHED"}


class Stop(bpy.types.Operator):
    bl_idname, bl_label = "ask.stop", "Stop the answer"

    def execute(self, context):
        if answer:
            answer.close()
        return {"FINISHED"}


def register():
    global pump
    pump = Pump()  # a new one, for the one before was closed
    for each in (Question, Stop):
        bpy.utils.register_class(each)
    bpy.app.timers.register(tick, persistent=True)  # also after another file is opened


def unregister():
    """Blender calls it, too, when it quits."""
    pump.close()  # closes the answer
    bpy.app.timers.unregister(tick)
    for each in (Question, Stop):
        bpy.utils.unregister_class(each)
