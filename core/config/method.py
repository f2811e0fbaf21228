"""What the method fixes beside the architecture: decision threshold, evaluation splits."""

THRESHOLD = 0.5  # default decision threshold: probability of PNEUMONIA from which an image is positive
REFRAMED = "re-framed"  # evaluation split: validation images in the random frames that chose the best epoch
