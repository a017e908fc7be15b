"""REST over HTTP: what a client of the WebSockets needs of it."""
