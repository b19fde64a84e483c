"""What every room may use and none is about: argument checks, redaction, late imports, forks."""
