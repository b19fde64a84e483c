"""Ready-made parts of a chat's window, one module a toolkit.

    from suggestions.views.qt import MarkdownView

`import suggestions` imports none of them. `suggestions.views.qt` uses the binding that the program
has imported.
"""
