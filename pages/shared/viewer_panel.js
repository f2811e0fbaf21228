// One of the images that stand side by side: a figure with its caption, and what is drawn into it.
const MARK = "#ffd84d"; // of ruler and box

function makePanel({ title, picture, size, heat, current }, tools, position, layers) {
  const figure = document.createElement("figure");
  if (heat) figure.className = "viewer-heat";
  const caption = document.createElement("figcaption");
  caption.textContent = title;
  const drawn = canvas(...size);
  figure.append(drawn, caption);
  let grey = null; // levels of the image, once it has loaded
  let windowedPicture = null;

  function relight() {
    const [middle, wide] = [Number(tools.centre.value), Number(tools.width.value)];
    if (grey) windowedPicture = windowed(grey, [middle - wide / 2, middle + wide / 2], tools.inverted.checked);
  }

  function redraw() {
    if (!windowedPicture) return;
    const { width: wide, height: high } = drawn;
    const pen = drawn.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, wide, high);
    position.applyTo(pen, wide, high);
    pen.drawImage(windowedPicture, 0, 0);
    if (heat) {
      pen.globalAlpha = Number(tools.strength.value);
      pen.drawImage(heated(layers.heat[heat], layers.side, layers.colors, tools.contour.checked), 0, 0, wide, high);
      pen.globalAlpha = 1;
    }
    if (current && layers.outline && tools.lungs.checked) pen.drawImage(layers.outline, 0, 0, wide, high);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (current && layers.ruler) mark(pen, layers.ruler);
    if (current && layers.box) mark(pen, corners(layers.box));
  }

  function mark(pen, points) {
    pen.strokeStyle = MARK;
    pen.lineWidth = (2 * drawn.width) / Math.max(1, drawn.clientWidth);
    pen.beginPath();
    points.forEach((point) => pen.lineTo(...position.onCanvas(point, drawn.width, drawn.height)));
    pen.stroke();
  }

  // Where a pointer is on the canvas, in shares of the image; on a full screen it has margins.
  function share(event) {
    const area = drawn.getBoundingClientRect();
    const size = Math.min(area.width / drawn.width, area.height / drawn.height);
    const [wide, high] = [drawn.width * size, drawn.height * size];
    return [
      (event.clientX - area.left - (area.width - wide) / 2) / wide,
      (event.clientY - area.top - (area.height - high) / 2) / high,
    ];
  }

  const image = new Image();
  image.onload = () => {
    grey = levels(image);
    [drawn.width, drawn.height] = [grey.width, grey.height];
    relight();
    redraw();
  };
  image.src = picture;
  return { title, current, drawn, figure, relight, redraw, share };
}
