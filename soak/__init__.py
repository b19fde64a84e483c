"""Lives of sources by the ten thousand in one process, and a verdict on what is left of them."""
