"""What frames the parts of a message: quiet surfaces, buttons that unfold, rows of pictures."""

# The binding, and so the base class, is known only when the class is made.
# mypy: disallow-subclassing-any=False

from __future__ import annotations

from functools import cache
from typing import Any

from ._binding import Binding, public
from ._text import plain_text
from ._writer import mixed_color

_RADIUS = 6
_GAP = 6


@cache
def surface(binding: Binding) -> Any:
    gui: Any = binding.gui
    widgets: Any = binding.widgets

    class Surface(widgets.QFrame):
        """Has rounded corners, and a background between that of the texts and another color."""

        def __init__(self, parent: Any = None, *, tint: str = "", share: float = 0.07) -> None:
            super().__init__(parent)
            self._tint, self._share = tint, share
            self.column = widgets.QVBoxLayout(self)
            self.column.setContentsMargins(4, 2, 4, 2)
            self.column.setSpacing(2)

        def paintEvent(self, event: Any) -> None:
            palette = self.palette()
            tint = gui.QColor(self._tint) if self._tint else palette.text().color()
            painter = gui.QPainter(self)
            painter.setRenderHint(painter.RenderHint.Antialiasing)
            painter.setPen(binding.core.Qt.PenStyle.NoPen)
            painter.setBrush(mixed_color(gui, tint, palette.base().color(), self._share))
            painter.drawRoundedRect(self.rect(), _RADIUS, _RADIUS)
            painter.end()
            super().paintEvent(event)

    return public(Surface)


@cache
def fold(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets

    class FoldButton(widgets.QToolButton):
        """One line, which is cut if it is longer than the button."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("foldButton")
            self.setAutoRaise(True)
            self.setCheckable(True)
            self.setToolButtonStyle(core.Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
            policy = widgets.QSizePolicy.Policy
            self.setSizePolicy(policy.Maximum, policy.Fixed)
            self._line = ""

        def setLine(self, line: str) -> None:
            if line != self._line:
                self._line = line
                self.setAccessibleName(line)
                self._cut()
                self.updateGeometry()

        def _around(self) -> int:
            """Pixels of the arrow and the margins."""
            return int(self.iconSize().width() + 14)

        def sizeHint(self) -> Any:
            self.ensurePolished()
            metrics = self.fontMetrics()
            width = metrics.horizontalAdvance(self._line) + self._around() + 6
            return core.QSize(width, metrics.height() + 8)

        def minimumSizeHint(self) -> Any:
            return core.QSize(40, self.sizeHint().height())

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._cut()

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            if event.type() == core.QEvent.Type.FontChange:
                self._cut()

        def _cut(self) -> None:
            mode = core.Qt.TextElideMode.ElideRight
            room = self.width() - self._around()
            cut = self.fontMetrics().elidedText(self._line, mode, room)
            self.setText(cut.replace("&", "&&"))
            self.setToolTip(self._line if cut != self._line else "")

    class Fold(widgets.QWidget):
        """A line, and a text that it unfolds."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self._text = ""
            self._body: Any = None
            self._column = widgets.QVBoxLayout(self)
            self._column.setContentsMargins(0, 0, 0, 0)
            self._column.setSpacing(0)
            self.button = FoldButton()
            self.button.toggled.connect(self._on_toggled)
            self._column.addWidget(self.button)
            self._on_toggled(False)

        def setLine(self, line: str) -> None:
            self.button.setLine(line)

        def setText(self, text: str) -> None:
            self._text = text
            # A disabled button would be gray, and could not be reached to be read.
            self.button.setCheckable(bool(text))
            self._point()
            if self._body is not None:
                self._body.setText(text)

        def setUnfolded(self, is_unfolded: bool) -> None:
            self.button.setChecked(is_unfolded)

        def hasSelection(self) -> bool:
            return self._body is not None and self._body.hasSelection()

        def _on_toggled(self, is_unfolded: bool) -> None:
            self._point()
            if is_unfolded and self._body is None:
                self._body = plain_text(binding)(self, is_muted=True)
                self._body.setObjectName("foldText")
                self._body.setAccessibleName(self.button.accessibleName())
                self._body.setText(self._text)
                indented = widgets.QHBoxLayout()
                indented.setContentsMargins(self.button.iconSize().width() // 2 + 4, 0, 0, 0)
                indented.addWidget(self._body)
                self._column.addLayout(indented)
            if self._body is not None:
                self._body.setVisible(is_unfolded)

        def _point(self) -> None:
            arrows = core.Qt.ArrowType
            if not self.button.isCheckable():
                arrow = arrows.NoArrow
            elif self.button.isChecked():
                arrow = arrows.DownArrow
            else:
                arrow = arrows.LeftArrow if self.isRightToLeft() else arrows.RightArrow
            self.button.setArrowType(arrow)

        def changeEvent(self, event: Any) -> None:
            super().changeEvent(event)
            if event.type() == core.QEvent.Type.LayoutDirectionChange:
                self._point()

    return public(Fold)


@cache
def flow(binding: Binding) -> Any:
    core: Any = binding.core
    widgets: Any = binding.widgets

    class Flow(widgets.QWidget):
        """Widgets of a fixed size side by side, in as many rows as they need."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            policy = self.sizePolicy()
            policy.setHeightForWidth(True)
            self.setSizePolicy(policy)
            self._items: list[Any] = []

        def add(self, item: Any) -> None:
            item.setParent(self)
            self._items.append(item)
            item.show()
            self._place(self.width())
            self.updateGeometry()

        def remove(self, item: Any) -> None:
            self._items.remove(item)
            item.hide()
            item.deleteLater()
            self._place(self.width())
            self.updateGeometry()

        def heightForWidth(self, width: int) -> int:
            return self._place(width, moves=False)

        def sizeHint(self) -> Any:
            return core.QSize(200, self.heightForWidth(max(self.width(), 1)))

        def minimumSizeHint(self) -> Any:
            return core.QSize(0, 0)

        def resizeEvent(self, event: Any) -> None:
            super().resizeEvent(event)
            self._place(self.width())

        def _place(self, width: int, moves: bool = True) -> int:
            """Returns the height."""
            x = y = row = 0
            for item in self._items:
                size = item.sizeHint()
                if x and x + size.width() > width:
                    x, y, row = 0, y + row + _GAP, 0
                if moves:
                    left = width - x - size.width() if self.isRightToLeft() else x
                    item.setGeometry(left, y, size.width(), size.height())
                x, row = x + size.width() + _GAP, max(row, size.height())
            return y + row

    return public(Flow)
