"""What the method fixes beside the architecture: decision threshold, evaluation splits, framings."""

THRESHOLD = 0.5  # default decision threshold: probability of PNEUMONIA from which an image is positive
REFRAMED = "re-framed"  # evaluation split: validation images in the random frames that chose the best epoch
WHOLE, LUNGS = FRAMINGS = ("whole", "lungs")  # the part of an image that the network sees
LUNG_MARGIN = 0.06  # around the lungs' box on each side, as a share of its width or height
