"""The two sources, and what happens between a question and the entries of its log."""
