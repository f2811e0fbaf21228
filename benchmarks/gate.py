"""`python -m benchmarks.gate RUN`: how often a run's models refuse what is no film, and films that are.

Nothing here chooses a threshold: those were fixed on the run's validation films.
"""

from collections.abc import Callable, Iterator

import click
import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sklearn.datasets import load_sample_images

from core.dataset import open_dataset, rows_by_role
from core.diagnosis import load_predictor, read_films, reference_of
from core.diagnosis.reference import ATTITUDES
from core.evaluation import wilson
from core.images import Radiograph
from core.runs import open_run

COUNT = 200
SIDE = 256


@click.command()
@click.argument("run")
@click.option("--stage", "stages", type=int, multiple=True, help="Stages; all without it.")
def main(run: str, stages: tuple[int, ...]) -> None:
    """Show films, changed films and other images to the gate, and print what it says."""
    found = open_run(run)
    dataset = open_dataset(found.settings().data)
    test = dataset.pixels[rows_by_role(dataset, found.settings())["test"]]
    kinds = {name: list(map(turn, test)) for name, turn in ATTITUDES.items()}
    kinds |= {name: [change(film) for film in test] for name, change in CHANGES.items()}
    random = np.random.default_rng(0)
    kinds |= {name: [draw(random) for _ in range(COUNT)] for name, draw in OTHERS.items()}
    kinds["natural images"] = list(_natural(random))
    for stage in stages or sorted(map(int, found.evaluation())):
        predictor = load_predictor(found.weights_path(stage))
        reference = reference_of(predictor.record)
        if reference is None:
            raise click.ClickException(f"`python -m core reference {run}` has to be run first.")
        print(f"\n{predictor.record.run}, stage {stage}: share withheld, share warned, first reasons")
        for name, images in kinds.items():
            films = [Radiograph(name, np.ascontiguousarray(image), "") for image in images]
            readings = read_films(films, predictor, reference)
            withheld = sum(reading.withheld for reading in readings)
            warned = sum(bool(reading.checks) and not reading.withheld for reading in readings)
            low, high = wilson(withheld + warned, len(films))
            reasons = [reading.checks[0].reason for reading in readings if reading.checks]
            common = sorted(set(reasons), key=reasons.count, reverse=True)[:2]
            said = ", ".join(f"{reason} {reasons.count(reason)}" for reason in common)
            print(
                f"  {name:<22} n {len(films):>3}  withheld {withheld / len(films):6.1%}  "
                f"warned {warned / len(films):6.1%}  either {low:.1%} to {high:.1%}  {said}"
            )


def _turned(degrees: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda film: np.asarray(Image.fromarray(film).rotate(degrees, Image.Resampling.BILINEAR))


def _blurred(film: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(film).filter(ImageFilter.GaussianBlur(1.5)))


def _quarter(film: np.ndarray) -> np.ndarray:
    return film[: film.shape[0] // 2, : film.shape[1] // 2]


def _in_a_window(film: np.ndarray) -> np.ndarray:
    """A screenshot of a viewer: the film small, bars and text around it."""
    picture = _text(np.random.default_rng(int(film[0, 0])))
    small = Image.fromarray(film).resize((SIDE // 2, SIDE // 2))
    image = Image.fromarray(picture)
    image.paste(small, (SIDE // 4, SIDE // 4))
    return np.asarray(image)


CHANGES = {
    "turned by 10 degrees": _turned(10),
    "turned by 30 degrees": _turned(30),
    "blurred": _blurred,
    "darker by half": lambda film: film // 2,
    "a quarter of a film": _quarter,
    "in a viewer's window": _in_a_window,
}


def _natural(random: np.random.Generator) -> Iterator[np.ndarray]:
    """Crops of two photographs, in grey levels: as coloured ones would not come as far as the model."""
    for number in range(COUNT):
        photo = Image.fromarray(load_sample_images().images[number % 2]).convert("L")
        side = int(random.integers(100, 400))
        left, top = random.integers(0, photo.width - side), random.integers(0, photo.height - side)
        yield np.asarray(photo.crop((left, top, left + side, top + side)))


def _noise(random: np.random.Generator) -> np.ndarray:
    return random.integers(0, 256, (SIDE, SIDE)).astype(np.uint8)


def _clouds(random: np.random.Generator) -> np.ndarray:
    cells = int(random.integers(3, 20))
    small = Image.fromarray(random.integers(0, 256, (cells, cells)).astype(np.uint8))
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _text(random: np.random.Generator) -> np.ndarray:
    image = Image.new("L", (SIDE, SIDE), int(random.integers(200, 256)))
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, SIDE, 20), fill=int(random.integers(30, 120)))
    for line in range(30, SIDE, 12):
        pen.text((8, line), "".join(random.choice(list("abcdefgh  nopqrst"), 40)), fill=20)
    return np.asarray(image)


def _bones(random: np.random.Generator, parts: list[tuple], width: int) -> np.ndarray:
    """Soft tissue and bones as thick bright lines between points in shares of the side, on black."""
    image = Image.new("L", (SIDE, SIDE), 0)
    pen = ImageDraw.Draw(image)
    for thick, grey in ((2.4, 70), (1.0, 190)):
        for one, other in parts:
            points = [tuple(SIDE * (np.array(end) + random.normal(0, 0.01, 2))) for end in (one, other)]
            pen.line(points, fill=grey, width=int(width * thick))
    soft = np.asarray(image.filter(ImageFilter.GaussianBlur(2.5))).astype(float)
    return np.clip(soft + random.normal(0, 4, soft.shape), 0, 255).astype(np.uint8)


def _hand(random: np.random.Generator) -> np.ndarray:
    wrist = (0.5, 0.95)
    knuckles = [(0.2, 0.6), (0.38, 0.5), (0.5, 0.48), (0.62, 0.5), (0.76, 0.56)]
    tips = [(0.08, 0.4), (0.3, 0.14), (0.5, 0.08), (0.68, 0.14), (0.88, 0.28)]
    return _bones(random, [*((wrist, k) for k in knuckles), *zip(knuckles, tips, strict=True)], 12)


def _knees(random: np.random.Generator) -> np.ndarray:
    parts = []
    for middle in (0.28, 0.72):
        parts += [((middle, 0.0), (middle, 0.46)), ((middle, 0.54), (middle, 1.0))]
    return _bones(random, parts, 26)


OTHERS = {
    "noise": _noise,
    "clouds": _clouds,
    "text": _text,
    "drawn hands": _hand,
    "drawn knees": _knees,
    "blank": lambda random: np.full((SIDE, SIDE), random.integers(0, 256), np.uint8),
}

if __name__ == "__main__":
    main()
