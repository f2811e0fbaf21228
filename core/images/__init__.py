"""From bytes to a Radiograph, and from a Radiograph to what the network sees: the only way there is."""

from core.images.decoder import ImageError, Radiograph, decode, read
from core.images.resize import network_input, network_pixels

__all__ = ["ImageError", "Radiograph", "decode", "network_input", "network_pixels", "read"]
