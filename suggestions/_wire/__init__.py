"""From a request to server-sent events: transport, body framing, event framing."""
