"""Images in the rows of a table."""

THUMBNAIL_SIDE = 64  # pixels
