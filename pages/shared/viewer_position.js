// Which part of the images is seen, and from which side: zoom, place and direction, the same for all of them.
const MAX_ZOOM = 12;

function makePosition(isFlipped) {
  const view = { zoom: 1, x: 0, y: 0 }; // x and y: of the image's left upper corner, in shares of the canvas
  const bound = (offset, zoom) => Math.min(0, Math.max(1 - zoom, offset));
  const mirrored = (x) => (isFlipped() ? 1 - x : x);
  return {
    reset: () => Object.assign(view, { zoom: 1, x: 0, y: 0 }),
    // Zoom in or out around a place on the canvas.
    zoom(factor, x = 0.5, y = 0.5) {
      const zoom = Math.min(MAX_ZOOM, Math.max(1, view.zoom * factor));
      view.x = bound(x - ((x - view.x) * zoom) / view.zoom, zoom);
      view.y = bound(y - ((y - view.y) * zoom) / view.zoom, zoom);
      view.zoom = zoom;
    },
    move(across, down) {
      view.x = bound(view.x + across, view.zoom);
      view.y = bound(view.y + down, view.zoom);
    },
    // Let a canvas's pen draw the image where it is seen.
    applyTo(pen, wide, high) {
      pen.setTransform(view.zoom, 0, 0, view.zoom, view.x * wide, view.y * high);
      if (isFlipped()) pen.transform(-1, 0, 0, 1, wide, 0);
    },
    // A place in the image, in shares of its width and height, to one on the canvas in its pixels; and back.
    onCanvas: ([x, y], wide, high) => [
      (mirrored(x) * view.zoom + view.x) * wide,
      (y * view.zoom + view.y) * high,
    ],
    inImage: ([x, y]) =>
      [mirrored((x - view.x) / view.zoom), (y - view.y) / view.zoom].map((share) => Math.min(1, Math.max(0, share))),
  };
}
