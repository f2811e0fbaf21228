"""The terminal: one file per room, for the same work as the pages."""
