"""Commands that read the program's own source code."""
