"""The transforms of the Winograd convolution, F(4 x 4, 3 x 3).

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016. The image is split
into tiles of 6 x 6, four apart; tiles and kernel are transformed, multiplied position by position, and
transformed back into 4 x 4 outputs, with a quarter of the multiplications of the direct convolution.
"""

STEP, TILE = 4, 6
INTO_TILES = (  # B transposed in the paper
    (4, 0, -5, 0, 1, 0),
    (0, -4, -4, 1, 1, 0),
    (0, 4, -4, -1, 1, 0),
    (0, -2, -1, 2, 1, 0),
    (0, 2, -1, -2, 1, 0),
    (0, 4, 0, -5, 0, 1),
)
OUT_OF_TILES = (  # A transposed
    (1, 1, 1, 1, 1, 0),
    (0, 1, -1, 2, -2, 0),
    (0, 1, 1, 4, 4, 0),
    (0, 1, -1, 8, -8, 1),
)
OF_KERNEL = (  # G
    (1 / 4, 0, 0),
    (-1 / 6, -1 / 6, -1 / 6),
    (-1 / 6, 1 / 6, -1 / 6),
    (1 / 24, 1 / 12, 1 / 6),
    (1 / 24, -1 / 12, 1 / 6),
    (0, 0, 1),
)
