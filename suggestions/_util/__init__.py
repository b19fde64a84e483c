"""What every room may use: argument checks, redaction, late imports, forks."""
