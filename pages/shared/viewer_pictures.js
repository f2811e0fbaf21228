// What the viewer draws: grey levels through a window, the heat map or its contour, the outline of the lungs.
const CONTOUR = 0.5; // share of the highest heat

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function canvas(width, height) {
  const made = document.createElement("canvas");
  [made.width, made.height] = [width, height];
  return made;
}

// The image's grey levels, read once.
function levels(image) {
  const whole = canvas(image.naturalWidth, image.naturalHeight);
  const pen = whole.getContext("2d", { willReadFrequently: true });
  pen.drawImage(image, 0, 0);
  const { data, width, height } = pen.getImageData(0, 0, whole.width, whole.height);
  return { grey: Uint8Array.from({ length: width * height }, (_, index) => data[4 * index]), width, height };
}

// Grey levels mapped by a window, as a canvas.
function windowed({ grey, width, height }, [low, high], inverted) {
  const made = canvas(width, height);
  const picture = new ImageData(width, height);
  const table = Uint8Array.from({ length: 256 }, (_, level) => {
    const share = Math.min(1, Math.max(0, (level - low) / Math.max(1, high - low)));
    return Math.round(255 * (inverted ? 1 - share : share));
  });
  for (let index = 0; index < grey.length; index++) {
    picture.data.fill(table[grey[index]], 4 * index, 4 * index + 3);
    picture.data[4 * index + 3] = 255;
  }
  made.getContext("2d").putImageData(picture, 0, 0);
  return made;
}

// The heat map as colours, opaque where it is hot; or the contour at half of its maximum.
function heated(heat, side, colors, contour) {
  const made = canvas(side, side);
  const picture = new ImageData(side, side);
  heat.forEach((value, index) => {
    const color = contour ? [90, 230, 255] : colors.subarray(3 * value, 3 * value + 3);
    picture.data.set(color, 4 * index);
    picture.data[4 * index + 3] = contour ? 255 * edge(heat, side, index) : value;
  });
  made.getContext("2d").putImageData(picture, 0, 0);
  return made;
}

function edge(heat, side, index) {
  const inside = (other) => heat[other] >= 255 * CONTOUR;
  const column = index % side;
  const around = [index - side, index + side, column ? index - 1 : -1, column < side - 1 ? index + 1 : -1];
  return inside(index) && around.some((other) => heat[other] !== undefined && !inside(other));
}

// The outline of the lungs' mask.
function outlined(mask, side) {
  const made = canvas(side, side);
  const picture = new ImageData(side, side);
  mask.forEach((inside, index) => {
    const column = index % side;
    const around = [index - side, index + side, column ? index - 1 : -1, column < side - 1 ? index + 1 : -1];
    if (inside && around.some((other) => !mask[other])) picture.data.set([120, 255, 120, 255], 4 * index);
  });
  made.getContext("2d").putImageData(picture, 0, 0);
  return made;
}
