"""fastbinance (facade is assembled last)."""
