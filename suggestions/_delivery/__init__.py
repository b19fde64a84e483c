"""Who listens, the log of what happened, and how it is delivered to handlers."""
