"""Images in the rows of a table."""

THUMBNAIL_SIDE = 64  # pixels
ROW_HEIGHT = 56  # pixels, with a margin around the thumbnail
