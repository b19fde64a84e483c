// Shows a `qt_conversation`: its rows in a list, its status in the buttons, its commands as slots.

import QtQuick
import QtQuick.Controls
import QtQuick.Layouts

ApplicationWindow {
    id: window

    required property var chat
    property string edited // the id of the message that the field edits, or ""

    title: "A chat with QML"
    width: 640
    height: 480
    visible: true

    function send() {
        if (edited)
            chat.edit(edited, field.text)
        else
            chat.send(field.text)
        edited = ""
        field.clear()
    }

    ListView {
        id: list

        property bool isFollowing: true

        anchors.fill: parent
        anchors.margins: 12
        clip: true
        spacing: 12
        model: window.chat
        onMovementEnded: isFollowing = atYEnd
        onContentHeightChanged: if (isFollowing) positionViewAtEnd()
        ScrollBar.vertical: ScrollBar {}

        delegate: ColumnLayout {
            id: row

            required property string messageId
            required property string role
            required property string text
            required property string status
            required property string error
            required property string modelName
            required property string toolName
            required property string toolArguments
            required property bool isLast

            width: list.width - 16

            RowLayout {
                Label {
                    text: row.role === "user" ? "You" : row.toolName || row.modelName || "AI"
                    textFormat: Text.PlainText
                    font.bold: true
                }
                Label {
                    text: row.toolArguments
                    textFormat: Text.PlainText
                    elide: Text.ElideRight
                    Layout.fillWidth: true
                }
                Label {
                    text: row.status
                    visible: row.status !== "done"
                }
                Button {
                    text: "Edit"
                    visible: row.role === "user"
                    onClicked: {
                        window.edited = row.messageId
                        field.text = row.text
                        field.forceActiveFocus()
                    }
                }
                Button {
                    text: "Allow"
                    visible: row.status === "waiting"
                    onClicked: window.chat.approve(row.messageId)
                }
                Button {
                    text: "Refuse"
                    visible: row.status === "waiting"
                    onClicked: window.chat.refuse(row.messageId)
                }
                Button {
                    text: "Regenerate"
                    visible: row.isLast && window.chat.status === "ready"
                    onClicked: window.chat.regenerate()
                }
            }
            TextEdit {
                text: row.text
                textFormat: TextEdit.PlainText // tags in an answer, such as List<int>, are text
                wrapMode: TextEdit.Wrap
                readOnly: true
                selectByMouse: true
                visible: text
                color: window.palette.text
                Layout.fillWidth: true
            }
            Label {
                text: row.error
                textFormat: Text.PlainText
                wrapMode: Text.Wrap
                color: "firebrick"
                visible: text
                Layout.fillWidth: true
            }
        }
    }

    footer: ToolBar {
        padding: 8

        ColumnLayout {
            anchors.fill: parent

            RowLayout {
                visible: window.chat.errorMessage

                Label {
                    text: window.chat.errorMessage
                    textFormat: Text.PlainText
                    wrapMode: Text.Wrap
                    Layout.fillWidth: true
                }
                Button {
                    text: "Retry"
                    visible: window.chat.status === "error"
                    onClicked: window.chat.retry()
                }
            }
            RowLayout {
                TextField {
                    id: field
                    placeholderText: "Ask"
                    onAccepted: window.send()
                    Layout.fillWidth: true
                }
                Button {
                    text: window.chat.busy ? "Stop" : window.edited ? "Send again" : "Send"
                    onClicked: window.chat.busy ? window.chat.stop() : window.send()
                }
                Button {
                    text: "Clear"
                    onClicked: window.chat.clear()
                }
            }
        }
    }
}
