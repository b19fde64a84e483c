"""Images of a message. None is loaded from the network."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ...events import AnswerFile
from ._binding import Binding, public

_FORMATS = {b"png", b"jpeg", b"jpg", b"gif", b"webp"}
"""Qt reads other formats too, but some of its readers, such as that of SVG, may open files."""
_THUMBNAIL = 72
"""Pixels of the longer side."""
_SHARP_THUMBNAIL = 3 * _THUMBNAIL
"""The same for a screen with a scale of 300 %."""


def picture_of(binding: Binding, url: str, *, is_thumbnail: bool = False) -> Any:
    """The `QImage` of a data URL; None if it is not an image that can be shown.

    With `is_thumbnail`, it is made smaller: a photo may take 50 MB.
    """
    try:
        data = AnswerFile("", url).data
    except ValueError:
        return None
    if not data:
        return None
    stored = binding.core.QBuffer()
    stored.setData(data)
    stored.open(stored.OpenModeFlag.ReadOnly)
    reader = binding.gui.QImageReader(stored)
    if bytes(reader.format()) not in _FORMATS:
        return None
    reader.setAutoTransform(True)
    size = reader.size()
    if is_thumbnail and max(size.width(), size.height()) > _SHARP_THUMBNAIL:
        keeps = binding.core.Qt.AspectRatioMode.KeepAspectRatio
        small = size.scaled(_SHARP_THUMBNAIL, _SHARP_THUMBNAIL, keeps)
        reader.setScaledSize(small.expandedTo(binding.core.QSize(8, 8)))
    image = reader.read()
    return None if image.isNull() else image


@cache
def picture(binding: Binding) -> Any:
    core: Any = binding.core
    gui: Any = binding.gui
    widgets: Any = binding.widgets

    class Picture(widgets.QWidget):
        """As large as the image, or as the room there is."""

        def __init__(self, image: Any, parent: Any = None, *, is_thumbnail: bool = False) -> None:
            super().__init__(parent)
            self.setObjectName("picture")
            self.setAccessibleName(binding.translate("Image"))
            self._image = image
            self._scaled: Any = None
            size = image.size()
            if is_thumbnail and max(size.width(), size.height()) > _THUMBNAIL:
                keeps = core.Qt.AspectRatioMode.KeepAspectRatio
                size = size.scaled(_THUMBNAIL, _THUMBNAIL, keeps).expandedTo(core.QSize(8, 8))
            self._size = size

        def sizeHint(self) -> Any:
            return self._size

        def heightFor(self, width: int) -> int:
            whole, height = self._size.width(), int(self._size.height())
            return height if width >= whole else max(1, height * width // whole)

        def paintEvent(self, event: Any) -> None:
            ratio = self.devicePixelRatioF()
            width = min(self.width(), self._size.width())
            height = min(self.height(), self.heightFor(width))
            sharp = core.QSize(round(width * ratio), round(height * ratio))
            if self._scaled is None or self._scaled.size() != sharp:
                smooth = core.Qt.TransformationMode.SmoothTransformation
                stretched = core.Qt.AspectRatioMode.IgnoreAspectRatio
                image = self._image.scaled(sharp, stretched, smooth)
                self._scaled = gui.QPixmap.fromImage(image)
            left = self.width() - width if self.isRightToLeft() else 0
            painter = gui.QPainter(self)
            painter.drawPixmap(core.QRect(left, 0, width, height), self._scaled)
            painter.end()

    return public(Picture)
