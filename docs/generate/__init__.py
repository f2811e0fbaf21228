"""Pages of the documentation that are made from the code: committed, and compared by a test."""
