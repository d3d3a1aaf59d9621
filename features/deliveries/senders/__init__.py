"""How each type of channel delivers."""
