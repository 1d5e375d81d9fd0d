### This language about itself: its button, and the codes of Telegram that it serves.
### The * stands for every code that no language names.

language-name = 🇬🇧 English
language-codes = en *
