// X-rays side by side that share window, zoom, position and direction. Drag to move, Ctrl and wheel or the buttons to
// zoom, double-click to reset; the other keys stand below the image. Ruler and box lie in shares of the image's width
// and height, so they stay where they are however it is shown.
const STEP = 1.25;
const PAUSE_MS = 250;

export default function ({ parentElement, data, setTriggerValue }) {
  const root = parentElement.querySelector(".viewer");
  const { texts } = data;
  if (root.dataset.shown === data.id) {
    root.querySelector(".viewer-answer").textContent = data.answer;
    root.showBox(data.box);
    return; // zoom and window stay while the page runs again
  }
  const drawing = root.interrupted?.(data.image); // when the PACS answers meanwhile
  root.dataset.shown = data.id;

  const tools = makeTools(data);
  const { measuring, boxing, flipped, shown } = tools;
  const mask = bytes(data.lungs);
  const layers = {
    heat: bytes(data.heat),
    side: data.side,
    colors: bytes(data.colors),
    outline: mask.length ? outlined(mask, data.lungSide) : null,
    ruler: null, // its ends
    box: drawing ? drawing.box : data.box, // as it is drawn
  };
  let saved = data.box;
  let undrawn = null; // the box before it was drawn anew
  let pause = 0; // of the keys that draw a box, after which it is saved
  const position = makePosition(() => flipped.checked);
  const panels = data.panels.map((panel) => makePanel(panel, tools, position, layers));

  function tell() {
    const { width, height, unit } = data.scale;
    const { ruler, box } = layers;
    const [[left, top], [right, bottom]] = ruler ?? [[0, 0], [0, 0]];
    const distance = Math.hypot((right - left) * width, (bottom - top) * height);
    tools.length.textContent = ruler ? `${distance.toFixed(distance < 100 ? 1 : 0)} ${unit}` : texts.drag;
    tools.length.hidden = !measuring.checked;
    tools.boxHint.hidden = !boxing.checked;
    noBox.hidden = !box;
    const place = boxing.checked && box ? placed(box, flipped.checked, texts.boxPlace) : "";
    if (tools.boxPlace.textContent !== place) tools.boxPlace.textContent = place; // which is read aloud
  }

  const redraw = () => {
    panels.forEach((panel) => panel.redraw());
    tell();
    Object.values(tools.sliders).forEach(({ refresh }) => refresh());
  };
  const relight = () => (panels.forEach((panel) => panel.relight()), redraw());
  const zoom = (...around) => (position.zoom(...around), redraw());
  const reset = () => (position.reset(), redraw());

  root.showBox = (box) => {
    saved = box;
    if (!boxing.checked) layers.box = box; // else it is being drawn
    redraw();
  };
  // What is drawn is what is saved, however the drawing ends.
  const saveBox = () => {
    clearTimeout(pause);
    if (String(layers.box) === String(saved)) return;
    saved = layers.box;
    setTriggerValue("drawn", { image: data.image, box: saved });
  };
  root.interrupted = (image) => {
    clearTimeout(pause);
    for (const { drawn } of panels) drawn.onblur = null;
    const focused = root.contains(document.activeElement);
    return boxing.checked && image === data.image && { box: layers.box, undrawn, focused };
  };
  let start = null; // where the pointer went down on an image; null once it is up
  let before = null; // the box at that moment

  panels.forEach(({ drawn, current, share }) => {
    drawn.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, ...share(event));
    };
    drawn.onpointerdown = (event) => {
      drawn.setPointerCapture(event.pointerId);
      [start, before] = [position.inImage(share(event)), layers.box];
    };
    drawn.onpointermove = (event) => {
      if (!start || !event.buttons) return; // not pressed, or pressed elsewhere
      if ((measuring.checked || boxing.checked) && current) {
        const end = position.inImage(share(event));
        if (boxing.checked) layers.box = spanned(start, end);
        else layers.ruler = [start, end];
      } else {
        const area = drawn.getBoundingClientRect();
        position.move(event.movementX / area.width, event.movementY / area.height);
      }
      redraw();
    };
    drawn.onpointerup = () => {
      const ends = start && boxing.checked && current;
      start = null;
      if (!ends) return;
      if (negligible(layers.box)) layers.box = null;
      toggle(boxing);
    };
    drawn.onpointercancel = () => {
      start = null;
      layers.box = before;
      redraw();
    };
    drawn.onkeydown = (event) => {
      if (!boxing.checked || !current || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in DIRECTIONS) {
        const { box } = layers;
        layers.box = box ? nudged(box, event, flipped.checked) : spanned(...CENTRAL.map(position.inImage));
        redraw();
        clearTimeout(pause);
        pause = setTimeout(saveBox, PAUSE_MS); // so that Agree, which may follow, finds it
      } else if (event.key === "Enter" || event.key === "Escape") {
        if (event.key === "Escape") layers.box = undrawn;
        toggle(boxing);
      } else {
        if (event.key.length === 1) saveBox(); // it may agree with the result
        return;
      }
      event.preventDefault(); // the page stays where it is
    };
    drawn.onblur = () => boxing.checked && !start && saveBox();
    drawn.ondblclick = reset;
  });

  shown.onchange = () => (root.dataset.heat = shown.checked);
  shown.onchange();
  const marking = (chosen, other) => () => {
    if (chosen.checked) other.checked = false;
    if (!measuring.checked) layers.ruler = null;
    root.dataset.marking = measuring.checked || boxing.checked;
    if (!boxing.checked) saveBox();
    else if (chosen === boxing) undrawn = layers.box;
    describe();
    redraw();
  };
  const describe = () => {
    for (const { title, drawn, current } of panels) {
      const takesBox = boxing.checked && current;
      drawn.tabIndex = takesBox ? 0 : -1;
      drawn.setAttribute("role", takesBox ? "application" : "img"); // of which a screen reader passes on the keys
      drawn.setAttribute("aria-label", takesBox ? `${title}. ${texts.boxHelp}` : title);
    }
  };
  describe();
  measuring.onchange = marking(measuring, boxing);
  boxing.onchange = marking(boxing, measuring);
  flipped.onchange = tools.contour.onchange = tools.lungs.onchange = tools.strength.oninput = redraw;
  tools.inverted.onchange = relight;
  tools.preset.onchange = ({ target }) => (target.value === "Custom" || tools.takeWindow(target.value), relight());
  tools.centre.oninput = tools.width.oninput = () => ((tools.preset.value = "Custom"), relight());
  const toggle = (checkbox) => {
    checkbox.checked = !checkbox.checked;
    checkbox.onchange();
  };
  const focusImage = () =>
    panels.find(({ drawn, current }) => current && drawn.offsetParent).drawn.focus({ preventScroll: true });
  const keys = {
    h: () => layers.heat.length && toggle(shown),
    f: () => toggle(flipped),
    m: () => toggle(measuring),
    b: () => {
      if (!data.boxes) return;
      toggle(boxing);
      if (boxing.checked) focusImage();
    },
    "+": () => zoom(STEP),
    "-": () => zoom(1 / STEP),
    0: reset,
  };
  root.viewerKeys?.abort();
  root.viewerKeys = new AbortController();
  document.addEventListener(
    "keydown",
    (event) => {
      if (!root.isConnected) return root.viewerKeys.abort();
      if (!busy(event)) keys[event.key.toLowerCase()]?.();
    },
    { signal: root.viewerKeys.signal }
  );

  const noBox = button(texts.noBox, texts.noBoxHelp, () => {
    layers.box = null;
    saveBox();
    redraw();
  });
  const screen = button(texts.screen, texts.screenHelp, () =>
    document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()
  );
  root.onfullscreenchange = () =>
    (screen.textContent = document.fullscreenElement ? texts.leaveScreen : texts.screen);
  const zoomIn = button("+", texts.zoomIn, () => zoom(STEP));
  const zoomOut = button("−", texts.zoomOut, () => zoom(1 / STEP));
  const whole = button(texts.reset, texts.resetHelp, reset);
  root.replaceChildren(...viewerParts(data, tools, panels, { noBox, zoomIn, zoomOut, whole, screen }));
  redraw();
  if (drawing) {
    toggle(boxing);
    undrawn = drawing.undrawn;
    pause = setTimeout(saveBox, PAUSE_MS);
    if (drawing.focused) focusImage();
  }
}
