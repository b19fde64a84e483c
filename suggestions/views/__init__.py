"""Ready-made parts of a chat's window, one module a toolkit.

    from suggestions.views.qt import MarkdownView

Only programs that show one import them, and none imports a toolkit that the program has not
imported.
"""
