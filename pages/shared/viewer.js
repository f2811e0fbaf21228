// X-rays side by side that share window, zoom, position and direction. Drag to move, Ctrl and wheel or the buttons to
// zoom, double-click to reset; the other keys stand below the image. Ruler and box lie in shares of the image's width
// and height, so they stay where they are however it is shown.
const STEP = 1.25;
const MARK = "#ffd84d"; // of ruler and box
const SMALLEST = 0.01; // side of a box
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

  const view = { zoom: 1, x: 0, y: 0 };
  let ruler = null; // its ends
  let pause = 0; // of the keys that draw a box, after which it is saved
  let saved = data.box; // left, top, right, bottom
  let box = drawing ? drawing.box : saved; // as it is drawn
  const heat = bytes(data.heat);
  const mask = bytes(data.lungs);
  const outline = mask.length ? outlined(mask, data.lungSide) : null;
  const colors = bytes(data.colors);
  const strength = input("range", { min: 0, max: 1, step: 0.05, value: 0.6 });
  const shown = input("checkbox", { checked: true });
  const contour = input("checkbox", {});
  const lungs = input("checkbox", { checked: data.outlined });
  const inverted = input("checkbox", {});
  const flipped = input("checkbox", {});
  const measuring = input("checkbox", {});
  const boxing = input("checkbox", {});
  const length = document.createElement("output");
  const boxHint = document.createElement("output");
  boxHint.textContent = texts.boxHelp;
  const boxPlace = document.createElement("output");
  boxPlace.className = "viewer-place";
  const centre = input("range", { min: 0, max: 255, step: 0.5 });
  const width = input("range", { min: 2, max: 400, step: 1 });
  const preset = document.createElement("select");
  preset.append(...[...Object.keys(data.windows), "Custom"].map((name) => new Option(texts.windows[name], name)));
  const sliders = {
    centre: slider(texts.level, centre, (value) => Math.round(value)),
    width: slider(texts.width, width, (value) => Math.round(value)),
    strength: slider(texts.opacity, strength, (value) => `${Math.round(100 * value)}%`),
  };

  const take = (name) => {
    const [low, high] = data.windows[name];
    [centre.value, width.value] = [(low + high) / 2, high - low];
  };
  take("Full range");

  const panels = data.panels.map(({ title, picture, size, heat: hot, current }) => {
    const figure = document.createElement("figure");
    if (hot) figure.className = "viewer-heat";
    const caption = document.createElement("figcaption");
    caption.textContent = title;
    const drawn = canvas(...size);
    figure.append(drawn, caption);
    const panel = { title, heat: hot, current, drawn, figure, levels: null, picture: null };
    const image = new Image();
    image.onload = () => {
      panel.levels = levels(image);
      [drawn.width, drawn.height] = [panel.levels.width, panel.levels.height];
      relight(panel);
      redraw(panel);
    };
    image.src = picture;
    return panel;
  });

  function relight(panel) {
    const [middle, wide] = [Number(centre.value), Number(width.value)];
    if (panel.levels) panel.picture = windowed(panel.levels, [middle - wide / 2, middle + wide / 2], inverted.checked);
  }

  function redraw(panel) {
    if (!panel.picture) return;
    const { width: wide, height: high } = panel.drawn;
    const pen = panel.drawn.getContext("2d");
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, wide, high);
    pen.setTransform(view.zoom, 0, 0, view.zoom, view.x * wide, view.y * high);
    if (flipped.checked) pen.transform(-1, 0, 0, 1, wide, 0);
    pen.drawImage(panel.picture, 0, 0);
    if (panel.heat && heat.length) {
      pen.globalAlpha = Number(strength.value);
      pen.drawImage(heated(heat, data.side, colors, contour.checked), 0, 0, wide, high);
      pen.globalAlpha = 1;
    }
    if (panel.current && outline && lungs.checked) pen.drawImage(outline, 0, 0, wide, high);
    pen.setTransform(1, 0, 0, 1, 0, 0);
    if (panel.current && ruler) marked(pen, ruler, wide, high);
    if (panel.current && box) marked(pen, corners(box), wide, high);
  }

  // A place in the image, in shares of its width and height, to one on the canvas in its pixels; and back.
  const mirrored = (x) => (flipped.checked ? 1 - x : x);
  const onCanvas = ([x, y], wide, high) => [
    (mirrored(x) * view.zoom + view.x) * wide,
    (y * view.zoom + view.y) * high,
  ];
  const inImage = ([x, y]) =>
    [mirrored((x - view.x) / view.zoom), (y - view.y) / view.zoom].map((share) => Math.min(1, Math.max(0, share)));

  const corners = ([left, top, right, bottom]) =>
    [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]];
  const spanned = ([left, top], [right, bottom]) =>
    [Math.min(left, right), Math.min(top, bottom), Math.max(left, right), Math.max(top, bottom)];

  function marked(pen, points, wide, high) {
    pen.strokeStyle = MARK;
    pen.lineWidth = (2 * wide) / Math.max(1, pen.canvas.clientWidth);
    pen.beginPath();
    points.forEach((point) => pen.lineTo(...onCanvas(point, wide, high)));
    pen.stroke();
  }

  function told() {
    const { width, height, unit } = data.scale;
    const [[left, top], [right, bottom]] = ruler ?? [[0, 0], [0, 0]];
    const distance = Math.hypot((right - left) * width, (bottom - top) * height);
    length.textContent = ruler ? `${distance.toFixed(distance < 100 ? 1 : 0)} ${unit}` : texts.drag;
    length.hidden = !measuring.checked;
    boxHint.hidden = !boxing.checked;
    noBox.hidden = !box;
    const place = boxing.checked && box ? placed(box, flipped.checked, texts.boxPlace) : "";
    if (boxPlace.textContent !== place) boxPlace.textContent = place; // which is read aloud
  }

  const redrawn = () => {
    panels.forEach(redraw);
    told();
    Object.values(sliders).forEach(({ refresh }) => refresh());
  };
  const relit = () => (panels.forEach(relight), redrawn());
  const zoomed = (factor, x = 0.5, y = 0.5) => {
    const zoom = Math.min(12, Math.max(1, view.zoom * factor));
    const bound = (offset) => Math.min(0, Math.max(1 - zoom, offset));
    view.x = bound(x - ((x - view.x) * zoom) / view.zoom);
    view.y = bound(y - ((y - view.y) * zoom) / view.zoom);
    view.zoom = zoom;
    redrawn();
  };
  const reset = () => (Object.assign(view, { zoom: 1, x: 0, y: 0 }), redrawn());

  root.showBox = (shown) => {
    saved = shown;
    if (!boxing.checked) box = shown; // else it is being drawn
    redrawn();
  };
  // What is drawn is what is saved, however the drawing ends.
  const saveBox = () => {
    clearTimeout(pause);
    if (String(box) === String(saved)) return;
    saved = box;
    setTriggerValue("drawn", { image: data.image, box });
  };
  root.interrupted = (image) => {
    clearTimeout(pause);
    for (const { drawn } of panels) drawn.onblur = null;
    const focused = root.contains(document.activeElement);
    return boxing.checked && image === data.image && { box, undrawn, focused };
  };
  let undrawn = null; // the box before it was drawn anew
  let start = null; // where the pointer went down on an image; null once it is up
  let before = null; // the box at that moment

  panels.forEach(({ drawn, current }) => {
    const share = (event) => {
      const area = drawn.getBoundingClientRect();
      const size = Math.min(area.width / drawn.width, area.height / drawn.height); // on a full screen it has margins
      const [wide, high] = [drawn.width * size, drawn.height * size];
      return [
        (event.clientX - area.left - (area.width - wide) / 2) / wide,
        (event.clientY - area.top - (area.height - high) / 2) / high,
      ];
    };
    drawn.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      zoomed(event.deltaY < 0 ? STEP : 1 / STEP, ...share(event));
    };
    drawn.onpointerdown = (event) => {
      drawn.setPointerCapture(event.pointerId);
      [start, before] = [inImage(share(event)), box];
    };
    drawn.onpointermove = (event) => {
      if (!start || !event.buttons) return; // not pressed, or pressed elsewhere
      if ((measuring.checked || boxing.checked) && current) {
        const end = inImage(share(event));
        if (boxing.checked) box = spanned(start, end);
        else ruler = [start, end];
        return redrawn();
      }
      const area = drawn.getBoundingClientRect();
      const bound = (offset) => Math.min(0, Math.max(1 - view.zoom, offset));
      view.x = bound(view.x + event.movementX / area.width);
      view.y = bound(view.y + event.movementY / area.height);
      redrawn();
    };
    drawn.onpointerup = () => {
      const ends = start && boxing.checked && current;
      start = null;
      if (!ends) return;
      const [left, top, right, bottom] = box ?? [0, 0, 0, 0];
      if (Math.min(right - left, bottom - top) < SMALLEST) box = null;
      toggle(boxing);
    };
    drawn.onpointercancel = () => {
      start = null;
      box = before;
      redrawn();
    };
    drawn.onkeydown = (event) => {
      if (!boxing.checked || !current || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in DIRECTIONS) {
        box = box ? nudged(box, event, flipped.checked) : spanned(...CENTRAL.map(inImage));
        redrawn();
        clearTimeout(pause);
        pause = setTimeout(saveBox, PAUSE_MS); // so that Agree, which may follow, finds it
      } else if (event.key === "Enter" || event.key === "Escape") {
        if (event.key === "Escape") box = undrawn;
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

  const toggled = () => (root.dataset.heat = shown.checked);
  toggled();
  shown.onchange = toggled;
  const marking = (chosen, other) => () => {
    if (chosen.checked) other.checked = false;
    if (!measuring.checked) ruler = null;
    root.dataset.marking = measuring.checked || boxing.checked;
    if (!boxing.checked) saveBox();
    else if (chosen === boxing) undrawn = box;
    described();
    redrawn();
  };
  const described = () => {
    for (const { title, drawn, current } of panels) {
      const takesBox = boxing.checked && current;
      drawn.tabIndex = takesBox ? 0 : -1;
      drawn.setAttribute("role", takesBox ? "application" : "img"); // of which a screen reader passes on the keys
      drawn.setAttribute("aria-label", takesBox ? `${title}. ${texts.boxHelp}` : title);
    }
  };
  described();
  measuring.onchange = marking(measuring, boxing);
  boxing.onchange = marking(boxing, measuring);
  flipped.onchange = redrawn;
  const toggle = (checkbox) => {
    checkbox.checked = !checkbox.checked;
    checkbox.onchange();
  };
  const focusImage = () =>
    panels.find(({ drawn, current }) => current && drawn.offsetParent).drawn.focus({ preventScroll: true });
  const keys = {
    h: () => heat.length && toggle(shown),
    f: () => toggle(flipped),
    m: () => toggle(measuring),
    b: () => {
      if (!data.boxes) return;
      toggle(boxing);
      if (boxing.checked) focusImage();
    },
    "+": () => zoomed(STEP),
    "-": () => zoomed(1 / STEP),
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
  strength.oninput = redrawn;
  contour.onchange = lungs.onchange = redrawn;
  inverted.onchange = relit;
  preset.onchange = () => (preset.value === "Custom" || take(preset.value), relit());
  centre.oninput = width.oninput = () => ((preset.value = "Custom"), relit());

  const tools = document.createElement("div");
  tools.className = "viewer-tools";
  const button = (text, title, work) =>
    Object.assign(document.createElement("button"), {
      textContent: text, title, ariaLabel: title, type: "button", onclick: work,
    });
  const noBox = button(texts.noBox, texts.noBoxHelp, () => {
    box = null;
    saveBox();
    redrawn();
  });
  const screen = button(texts.screen, texts.screenHelp, () =>
    document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()
  );
  root.onfullscreenchange = () =>
    (screen.textContent = document.fullscreenElement ? texts.leaveScreen : texts.screen);
  tools.append(
    labelled(texts.window, preset),
    sliders.centre.label,
    sliders.width.label,
    labelled(texts.invert, inverted),
    labelled(texts.flip, flipped),
    labelled(texts.ruler, measuring),
    length
  );
  if (data.boxes) tools.append(labelled(texts.box, boxing), boxHint, noBox, boxPlace);
  if (heat.length)
    tools.append(labelled(texts.heat, shown), sliders.strength.label, labelled(texts.contour, contour));
  if (outline) tools.append(labelled(texts.lungs, lungs));
  tools.append(
    button("+", texts.zoomIn, () => zoomed(STEP)),
    button("−", texts.zoomOut, () => zoomed(1 / STEP)),
    button(texts.reset, texts.resetHelp, reset),
    screen
  );
  const answer = document.createElement("p");
  answer.className = "viewer-answer";
  answer.textContent = data.answer;
  const images = document.createElement("div");
  images.className = "viewer-images";
  images.append(...panels.map(({ figure }) => figure));
  const help = document.createElement("p");
  help.className = "viewer-keys";
  help.textContent = data.keys;
  root.replaceChildren(answer, images, tools, help);
  redrawn();
  if (drawing) {
    toggle(boxing);
    undrawn = drawing.undrawn;
    pause = setTimeout(saveBox, PAUSE_MS);
    if (drawing.focused) focusImage();
  }
}
