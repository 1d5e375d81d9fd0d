"""Every message to a person passes here: answers to taps, the send rate, what may be sent again."""
