"""What more than one program must know about a partner's words and the way to it."""
