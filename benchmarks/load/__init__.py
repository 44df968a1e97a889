"""Two small programs beside the house, of the standard library alone: who sends, and where the orders arrive."""
