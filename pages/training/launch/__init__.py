"""The parts of the Training page that launch a run: the form, its settings, what it will do."""
