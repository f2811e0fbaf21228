// X-rays side by side that share window, zoom, position and direction. Drag to move, Ctrl and wheel or the buttons to
// zoom, double-click to reset; the other keys stand below the image. Rulers lie in shares of the image's width and
// height, so they stay where they are however it is shown.
const STEP = 1.25;
const MARK = "#ffd84d"; // of the ruler
const KEYS = "Keys: H heat map, F flip, M ruler, + and − zoom, 0 reset. Drag to move; Ctrl and wheel zoom.";

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
  let ruler = null; // its ends
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
  const length = document.createElement("output");
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

  const panels = data.panels.map(({ title, picture, heat: hot, current }) => {
    const figure = document.createElement("figure");
    if (hot) figure.className = "viewer-heat";
    const caption = document.createElement("figcaption");
    caption.textContent = title;
    const drawn = canvas(1, 1);
    drawn.setAttribute("role", "img");
    drawn.setAttribute("aria-label", title);
    figure.append(drawn, caption);
    const panel = { heat: hot, current, drawn, figure, levels: null, picture: null };
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
    if (panel.current && ruler) measured(pen, wide, high);
  }

  // A place in the image, in shares of its width and height, to one on the canvas in its pixels; and back.
  const mirrored = (x) => (flipped.checked ? 1 - x : x);
  const onCanvas = ([x, y], wide, high) => [
    (mirrored(x) * view.zoom + view.x) * wide,
    (y * view.zoom + view.y) * high,
  ];
  const inImage = ([x, y]) =>
    [mirrored((x - view.x) / view.zoom), (y - view.y) / view.zoom].map((share) => Math.min(1, Math.max(0, share)));

  function measured(pen, wide, high) {
    const [start, end] = ruler.map((point) => onCanvas(point, wide, high));
    pen.strokeStyle = MARK;
    pen.lineWidth = (2 * wide) / Math.max(1, pen.canvas.clientWidth);
    pen.beginPath();
    pen.moveTo(...start);
    pen.lineTo(...end);
    pen.stroke();
  }

  function told() {
    const { width, height, unit } = data.scale;
    const [[left, top], [right, bottom]] = ruler ?? [[0, 0], [0, 0]];
    const distance = Math.hypot((right - left) * width, (bottom - top) * height);
    length.textContent = ruler ? `${distance.toFixed(distance < 100 ? 1 : 0)} ${unit}` : "Drag over the image";
    length.hidden = !measuring.checked;
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

  panels.forEach(({ drawn, current }) => {
    const share = (event) => {
      const box = drawn.getBoundingClientRect();
      const size = Math.min(box.width / drawn.width, box.height / drawn.height); // on a full screen it has margins
      const [wide, high] = [drawn.width * size, drawn.height * size];
      return [
        (event.clientX - box.left - (box.width - wide) / 2) / wide,
        (event.clientY - box.top - (box.height - high) / 2) / high,
      ];
    };
    drawn.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      zoomed(event.deltaY < 0 ? STEP : 1 / STEP, ...share(event));
    };
    drawn.onpointerdown = (event) => {
      drawn.setPointerCapture(event.pointerId);
      if (measuring.checked && current) ruler = [inImage(share(event)), inImage(share(event))];
    };
    drawn.onpointermove = (event) => {
      if (!event.buttons) return;
      if (measuring.checked && current) {
        ruler[1] = inImage(share(event));
        return redrawn();
      }
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
  const measure = () => {
    ruler = null;
    root.dataset.measuring = measuring.checked;
    redrawn();
  };
  measuring.onchange = measure;
  flipped.onchange = redrawn;
  const toggle = (checkbox) => {
    checkbox.checked = !checkbox.checked;
    checkbox.onchange();
  };
  const keys = {
    h: () => heat.length && toggle(shown),
    f: () => toggle(flipped),
    m: () => toggle(measuring),
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
  const screen = button("Full screen", "Full screen; Esc or this button to leave", () =>
    document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()
  );
  root.onfullscreenchange = () =>
    (screen.textContent = document.fullscreenElement ? "Leave full screen" : "Full screen");
  tools.append(
    labelled("Window", preset),
    sliders.centre.label,
    sliders.width.label,
    labelled("Invert", inverted),
    labelled("Flip (F)", flipped),
    labelled("Ruler (M)", measuring),
    length
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
  const help = document.createElement("p");
  help.className = "viewer-keys";
  help.textContent = KEYS;
  root.replaceChildren(answer, images, tools, help);
  redrawn();
}
