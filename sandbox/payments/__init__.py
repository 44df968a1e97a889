"""What all payment providers of the pretend world have in common: trades, notices on their way, open pages."""
