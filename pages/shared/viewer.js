// X-rays side by side that share window, zoom and position. Drag to move, Ctrl and wheel or the buttons to zoom,
// double-click to reset, H for the heat map.
const CONTOUR = 0.5; // share of the highest heat
const STEP = 1.25;

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

function labelled(text, input) {
  const label = document.createElement("label");
  label.append(text, input);
  return label;
}

function input(type, properties) {
  return Object.assign(document.createElement("input"), { type, ...properties });
}

// A slider with its value beside it.
function slider(text, input, shown) {
  const value = document.createElement("output");
  const label = labelled(text, input);
  label.append(value);
  return { label, refresh: () => (value.textContent = shown(Number(input.value))) };
}

// Whether a key was pressed while something was being written or chosen.
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";
const busy = ({ target, ctrlKey, metaKey, altKey }) =>
  ctrlKey || metaKey || altKey || target.isContentEditable || target.matches(WRITING);

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".viewer");
  if (root.dataset.shown === data.id) {
    root.querySelector(".viewer-answer").textContent = data.answer;
    return; // zoom and window stay while the page runs again
  }
  root.dataset.shown = data.id;

  const view = { zoom: 1, x: 0, y: 0 };
  const heat = bytes(data.heat);
  const mask = bytes(data.lungs);
  const outline = mask.length ? outlined(mask, data.lungSide) : null;
  const colors = bytes(data.colors);
  const strength = input("range", { min: 0, max: 1, step: 0.05, value: 0.6 });
  const shown = input("checkbox", { checked: true });
  const contour = input("checkbox", {});
  const lungs = input("checkbox", { checked: data.outlined });
  const inverted = input("checkbox", {});
  const centre = input("range", { min: 0, max: 255, step: 0.5 });
  const width = input("range", { min: 2, max: 400, step: 1 });
  const preset = document.createElement("select");
  preset.append(...[...Object.keys(data.windows), "Custom"].map((name) => new Option(name)));
  const sliders = {
    centre: slider("Level", centre, (value) => Math.round(value)),
    width: slider("Width", width, (value) => Math.round(value)),
    strength: slider("Opacity", strength, (value) => `${Math.round(100 * value)}%`),
  };

  const take = (name) => {
    const [low, high] = data.windows[name];
    [centre.value, width.value] = [(low + high) / 2, high - low];
  };
  take("Full range");

  const panels = data.panels.map(({ title, picture, heat: hot, lungs: lined }) => {
    const figure = document.createElement("figure");
    if (hot) figure.className = "viewer-heat";
    const caption = document.createElement("figcaption");
    caption.textContent = title;
    const drawn = canvas(1, 1);
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", title);
    figure.append(drawn, caption);
    const panel = { heat: hot, lined, drawn, figure, levels: null, picture: null };
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
    pen.drawImage(panel.picture, 0, 0);
    if (panel.heat && heat.length) {
      pen.globalAlpha = Number(strength.value);
      pen.drawImage(heated(heat, data.side, colors, contour.checked), 0, 0, wide, high);
      pen.globalAlpha = 1;
    }
    if (panel.lined && outline && lungs.checked) pen.drawImage(outline, 0, 0, wide, high);
  }

  const redrawn = () => {
    panels.forEach(redraw);
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

  panels.forEach(({ drawn }) => {
    const share = (event) => {
      const box = drawn.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    };
    drawn.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      zoomed(event.deltaY < 0 ? STEP : 1 / STEP, ...share(event));
    };
    drawn.onpointerdown = (event) => drawn.setPointerCapture(event.pointerId);
    drawn.onpointermove = (event) => {
      if (!event.buttons) return;
      const box = drawn.getBoundingClientRect();
      const bound = (offset) => Math.min(0, Math.max(1 - view.zoom, offset));
      view.x = bound(view.x + event.movementX / box.width);
      view.y = bound(view.y + event.movementY / box.height);
      redrawn();
    };
    drawn.ondblclick = reset;
  });

  const toggled = () => (root.dataset.heat = shown.checked);
  toggled();
  shown.onchange = toggled;
  root.viewerKeys?.abort();
  root.viewerKeys = new AbortController();
  document.addEventListener(
    "keydown",
    (event) => {
      if (!root.isConnected) return root.viewerKeys.abort();
      if (event.key.toLowerCase() !== "h" || busy(event) || !heat.length) return;
      shown.checked = !shown.checked;
      toggled();
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
  const screen = button("Full screen", "Full screen; Esc or this button to leave", () =>
    document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()
  );
  root.onfullscreenchange = () =>
    (screen.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen");
  tools.append(
    labelled("Window", preset),
    sliders.centre.label,
    sliders.width.label,
    labelled("Invert", inverted)
  );
  if (heat.length)
    tools.append(labelled("Heat map (H)", shown), sliders.strength.label, labelled("Contour", contour));
  if (outline) tools.append(labelled("Lungs", lungs));
  tools.append(
    button("+", "Zoom in", () => zoomed(STEP)),
    button("−", "Zoom out", () => zoomed(1 / STEP)),
    button("Reset", "Reset zoom and position", reset),
    screen
  );
  const answer = document.createElement("p");
  answer.className = "viewer-answer";
  answer.textContent = data.answer;
  const images = document.createElement("div");
  images.className = "viewer-images";
  images.append(...panels.map(({ figure }) => figure));
  root.replaceChildren(answer, images, tools);
  redrawn();
}
