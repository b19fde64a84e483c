"""`ScrollButton`: goes down to the end of a list."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ._binding import Binding, public

_MARGIN = 8


@cache
def scroll_button(binding: Binding) -> Any:
    core: Any = binding.core
    gui: Any = binding.gui
    widgets: Any = binding.widgets

    class ScrollButton(widgets.QToolButton):
        """A round button with an arrow, over the list that it is a child of."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("scrollToEnd")
            self.setText("↓")
            self.setToolTip(binding.translate("Go to the end"))
            self.setAccessibleName(self.toolTip())
            self.setFocusPolicy(core.Qt.FocusPolicy.TabFocus)
            self.setCursor(core.Qt.CursorShape.ArrowCursor)

        def moveTo(self, place: Any) -> None:
            """To the middle of the lower edge."""
            size = self.fontMetrics().height() + 14
            x = place.center().x() - size // 2
            self.setGeometry(x, place.bottom() - size - _MARGIN, size, size)

        def paintEvent(self, event: Any) -> None:
            palette = self.palette()
            is_lit = self.underMouse() or self.isDown()
            painter = gui.QPainter(self)
            painter.setRenderHint(gui.QPainter.RenderHint.Antialiasing)
            painter.setBrush(palette.midlight() if is_lit else palette.button())
            edge = palette.highlight() if self.hasFocus() else palette.mid()
            painter.setPen(gui.QPen(edge, 2 if self.hasFocus() else 1))
            painter.drawEllipse(core.QRectF(self.rect()).adjusted(1, 1, -1, -1))
            painter.setPen(gui.QPen(palette.buttonText(), 1.5))
            for line in _arrow(core, core.QRectF(self.rect()).center(), self.width() / 5):
                painter.drawLine(line)
            painter.end()

    return public(ScrollButton)


def _arrow(core: Any, middle: Any, size: float) -> list[Any]:
    x, y = middle.x(), middle.y()
    tip = core.QPointF(x, y + size)
    tail = core.QPointF(x, y - size)
    sides = [core.QPointF(x + way * size * 0.8, y + size * 0.2) for way in (-1, 1)]
    return [core.QLineF(begin, tip) for begin in (tail, *sides)]
