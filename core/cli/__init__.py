"""The terminal: one file a room, the same work that the pages do."""
