// A small ROC: the model's band, curve and operating point; the curves of the other models in grey behind it.
const ROC_SIZE = 250, ROC_ROOM = { left: 38, bottom: 36, top: 8, right: 10 };

function drawnRoc({ curve, band, point, others, label }, color, texts) {
  const across = ROC_SIZE - ROC_ROOM.left - ROC_ROOM.right, down = ROC_SIZE - ROC_ROOM.bottom - ROC_ROOM.top;
  const place = ([x, y]) => [ROC_ROOM.left + x * across, ROC_ROOM.top + (1 - y) * down];
  const path = (points) => points.map((each) => place(each).map((value) => value.toFixed(1)).join(",")).join(" ");
  const drawn = (tag, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.textContent = text;
    return element;
  };
  const line = (points, attributes) => drawn("polyline", { points: path(points), fill: "none", ...attributes });
  const [left, base] = place([0, 0]), [right, top] = place([1, 1]), [x, y] = place(point);
  const grid = { stroke: "currentColor", "stroke-opacity": 0.2 };
  const ticks = [0, 0.5, 1].flatMap((value) => [
    line([[value, 0], [value, 1]], grid),
    line([[0, value], [1, value]], grid),
    drawn("text", { x: place([value, 0])[0], y: base + 14, "text-anchor": "middle" }, String(value)),
    drawn("text", { x: left - 5, y: place([0, value])[1] + 4, "text-anchor": "end" }, String(value)),
  ]);
  const picture = drawn("svg", { viewBox: `0 0 ${ROC_SIZE} ${ROC_SIZE}`, class: "key-figures-roc", role: "img" });
  picture.setAttribute("aria-label", label);
  const middle = (top + base) / 2;
  picture.append(
    ...ticks,
    line([[0, 0], [1, 1]], { stroke: "currentColor", "stroke-opacity": 0.5, "stroke-dasharray": "2 4" }),
    drawn("polygon", { points: path(band), fill: color, "fill-opacity": 0.2 }),
    ...others.map((points) => line(points, { stroke: "currentColor", "stroke-opacity": 0.45 })),
    line(curve, { stroke: color, "stroke-width": 2 }),
    drawn("path", { d: `M${x} ${y - 7}l7 7l-7 7l-7 -7z`, fill: color, stroke: "#fff", "stroke-width": 1.5 }),
    drawn("text", { x: (left + right) / 2, y: ROC_SIZE - 5, "text-anchor": "middle" }, texts.across),
    drawn("text", { transform: `translate(11 ${middle}) rotate(-90)`, "text-anchor": "middle" }, texts.up)
  );
  return picture;
}
