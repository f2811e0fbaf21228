// X-rays side by side that share window, zoom, position and direction. Drag to move, Ctrl and wheel or the buttons to
// zoom, double-click to reset; the other keys stand below the image. Ruler and box lie in shares of the image's width
// and height, so they stay where they are however it is shown.
const STEP = 1.25;

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  if (root.dataset.shown === data.id) {
    root.querySelector(".viewer-answer").textContent = data.answer;
    root.showBox(data.box);
    return; // zoom and window stay while the page runs again
  }
  const drawing = root.interrupted?.(data.image); // when the PACS answers meanwhile
  root.dataset.shown = data.id;

  const viewer = makeViewer(data, drawing ? drawing.box : data.box);
  const marking = makeMarking(root, viewer, (box) => setTriggerValue("drawn", { image: data.image, box }));
  takePointer(viewer, marking);
  takeBoxKeys(viewer, marking);
  takePageKeys(root, viewer, marking);
  takeControls(root, viewer);
  root.replaceChildren(...viewerParts(viewer));
  viewer.redraw();
  if (drawing) marking.resume(drawing);
}

// What the viewer is made of, and how it is drawn.
function makeViewer(data, box) {
  const tools = makeTools(data);
  const mask = bytes(data.lungs);
  const layers = {
    heat: Object.fromEntries(Object.entries(data.heat).map(([name, text]) => [name, bytes(text)])),
    side: data.side,
    colors: bytes(data.colors),
    outline: mask.length ? outlined(mask, data.lungSide) : null,
    ruler: null, // its ends
    box, // as it is drawn
  };
  const position = makePosition(() => tools.flipped.checked);
  const panels = data.panels.map((panel) => makePanel(panel, tools, position, layers));
  const redraw = () => {
    panels.forEach((panel) => panel.redraw());
    tellMarks({ data, tools, layers });
    Object.values(tools.sliders).forEach(({ refresh }) => refresh());
  };
  return {
    data,
    tools,
    layers,
    position,
    panels,
    redraw,
    relight: () => (panels.forEach((panel) => panel.relight()), redraw()),
    zoom: (...around) => (position.zoom(...around), redraw()),
    reset: () => (position.reset(), redraw()),
  };
}
