"""Images that are to be sent with a question."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ...dialects.image import image
from ._binding import Binding, public
from ._frames import flow
from ._pictures import picture, picture_of

FILES = "*.png *.jpg *.jpeg *.gif *.webp"


def has_images(data: Any) -> bool:
    """Whether files or an image are pasted or dropped, and not a text.

    Spreadsheets copy a text and an image of it: it is a text.
    """
    return bool(_paths_in(data)) or (data.hasImage() and not data.hasFormat("text/plain"))


def _paths_in(data: Any) -> list[str | bytes]:
    return [url.toLocalFile() for url in data.urls() if url.isLocalFile()]


def images_in(binding: Binding, data: Any) -> list[str | bytes]:
    """Paths of files, or the PNG of an image."""
    if paths := _paths_in(data):
        return paths
    stored = binding.core.QBuffer()
    stored.open(stored.OpenModeFlag.WriteOnly)
    shown = data.imageData()
    if isinstance(shown, binding.gui.QPixmap):
        shown = shown.toImage()
    if isinstance(shown, binding.gui.QImage):  # or else it cannot be read
        shown.save(stored, "PNG")
    return [bytes(stored.data())]


@cache
def attachments(binding: Binding) -> Any:
    widgets: Any = binding.widgets
    base: Any = flow(binding)

    class Attachments(base):
        """Thumbnails, each with a button that removes it. Signal `changed()`."""

        changed = binding.signal()

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("attachments")
            self.setAccessibleName(binding.translate("Attached images"))
            self._images: list[tuple[Any, Any]] = []  # its widget, and what is sent

        def images(self) -> list[Any]:
            return [part for _, part in self._images]

        def attach(self, source: str | bytes) -> None:
            """Raises what `suggestions.image()` raises."""
            part = image(source)
            item = self._new_item(part)
            self._images.append((item, part))
            self.add(item)
            self.changed.emit()

        def _new_item(self, part: Any) -> Any:
            item = widgets.QFrame()
            item.setObjectName("attachment")
            item.setFrameShape(item.Shape.StyledPanel)
            line = widgets.QHBoxLayout(item)
            line.setContentsMargins(2, 2, 2, 2)
            line.setSpacing(0)
            shown = picture_of(binding, part["image_url"]["url"], is_thumbnail=True)
            if shown is not None:
                line.addWidget(picture(binding)(shown, is_thumbnail=True))
            else:  # this Qt does not read it, such as WebP
                line.addWidget(widgets.QLabel(binding.translate("Image")))
            remove = widgets.QToolButton()
            remove.setObjectName("removeAttachment")
            remove.setText("\N{MULTIPLICATION SIGN}")
            remove.setAutoRaise(True)
            remove.setToolTip(binding.translate("Remove"))
            remove.setAccessibleName(binding.translate("Remove image"))
            remove.clicked.connect(lambda: self._remove(item))
            line.addWidget(remove, 0, binding.core.Qt.AlignmentFlag.AlignTop)
            return item

        def _remove(self, item: Any) -> None:
            self._images = [each for each in self._images if each[0] is not item]
            self.remove(item)
            self.changed.emit()

        def clear(self) -> None:
            for item, _ in list(self._images):
                self._remove(item)

    return public(Attachments)
