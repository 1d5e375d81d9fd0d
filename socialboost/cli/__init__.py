"""Commands that read the program's own text."""
