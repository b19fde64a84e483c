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
        """An arrow and a line, which is cut if it is longer than the button."""

        def __init__(self, parent: Any = None) -> None:
            super().__init__(parent)
            self.setObjectName("foldButton")
            self.setAutoRaise(True)
            self.setCheckable(True)
            policy = widgets.QSizePolicy.Policy
            self.setSizePolicy(policy.Maximum, policy.Fixed)

        def setLine(self, line: str) -> None:
            self.setText(line.replace("&", "&&"))
            self.setAccessibleName(line)
            self.setToolTip(line)

        def sizeHint(self) -> Any:
            self.ensurePolished()
            metrics = self.fontMetrics()
            width = metrics.horizontalAdvance(self.accessibleName()) + metrics.height() + 18
            return core.QSize(width, metrics.height() + 8)

        def minimumSizeHint(self) -> Any:
            return core.QSize(40, self.sizeHint().height())

        def paintEvent(self, event: Any) -> None:
            """The style would show it as pressed, and its arrow on the left in each language."""
            option = widgets.QStyleOptionToolButton()
            self.initStyleOption(option)
            option.state &= ~widgets.QStyle.StateFlag.State_On
            option.text, option.arrowType = "", core.Qt.ArrowType.NoArrow
            option.features &= ~option.ToolButtonFeature.Arrow
            painter = widgets.QStylePainter(self)
            painter.drawComplexControl(widgets.QStyle.ComplexControl.CC_ToolButton, option)
            side, is_rtl = self.fontMetrics().height(), self.isRightToLeft()
            if self.isCheckable():
                x = self.width() - side - 4 if is_rtl else 4
                option.rect = core.QRect(x + 2, (self.height() - side) // 2 + 2, side - 4, side - 4)
                painter.drawPrimitive(self._arrow(), option)
            room = self.rect().adjusted(4, 0, -side - 8, 0)
            if not is_rtl:
                room.translate(side + 4, 0)
            mode, flags = core.Qt.TextElideMode.ElideRight, core.Qt.AlignmentFlag
            line = self.fontMetrics().elidedText(self.accessibleName(), mode, room.width())
            side_of_text = flags.AlignRight if is_rtl else flags.AlignLeft
            place = side_of_text | flags.AlignAbsolute | flags.AlignVCenter
            painter.setPen(self.palette().text().color())
            painter.drawText(room, int(place), line)
            painter.end()

        def _arrow(self) -> Any:
            arrows = widgets.QStyle.PrimitiveElement
            if self.isChecked():
                return arrows.PE_IndicatorArrowDown
            if self.isRightToLeft():
                return arrows.PE_IndicatorArrowLeft
            return arrows.PE_IndicatorArrowRight

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

        def setLine(self, line: str) -> None:
            self.button.setLine(line)

        def setText(self, text: str) -> None:
            self._text = text
            # A disabled button would be gray, and could not be reached to be read.
            self.button.setCheckable(bool(text))
            if self._body is not None:
                self._body.setText(text)

        def setUnfolded(self, is_unfolded: bool) -> None:
            self.button.setChecked(is_unfolded)

        def hasSelection(self) -> bool:
            return self._body is not None and self._body.hasSelection()

        def _on_toggled(self, is_unfolded: bool) -> None:
            if is_unfolded and self._body is None:
                self._body = plain_text(binding)(self, is_muted=True)
                self._body.setObjectName("foldText")
                self._body.setAccessibleName(self.button.accessibleName())
                self._body.setText(self._text)
                indented = widgets.QHBoxLayout()
                indented.setContentsMargins(self.fontMetrics().height() + 4, 0, 0, 0)
                indented.addWidget(self._body)
                self._column.addLayout(indented)
            if self._body is not None:
                self._body.setVisible(is_unfolded)

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
