"""`suggestions chat`: a conversation in the terminal."""
