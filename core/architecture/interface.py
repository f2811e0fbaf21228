"""What every network takes and returns: the size of its input and the classes of its output."""

IMAGE_SIZE = 128  # pixels a side of the input
CHANNELS = 3
CLASS_NAMES = ("NORMAL", "PNEUMONIA")
POSITIVE = CLASS_NAMES.index("PNEUMONIA")
