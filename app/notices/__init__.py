"""Messages to organisations and the mail that carries them."""
