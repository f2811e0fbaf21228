// The viewer's controls, and what they do to the images.
function labelled(text, input) {
  const label = document.createElement("label");
  label.append(text, input);
  return label;
}

function input(type, properties) {
  return Object.assign(document.createElement("input"), { type, ...properties });
}

function button(text, title) {
  return Object.assign(document.createElement("button"), {
    textContent: text, title, ariaLabel: title, type: "button",
  });
}

// A slider with its value beside it.
function slider(text, input, shown) {
  const value = document.createElement("output");
  const label = labelled(text, input);
  label.append(value);
  return { label, refresh: () => (value.textContent = shown(Number(input.value))) };
}

// The controls with what they are set to at first, by name.
function makeTools({ texts, windows, outlined }) {
  const tools = {
    strength: input("range", { min: 0, max: 1, step: 0.05, value: 0.6 }),
    centre: input("range", { min: 0, max: 255, step: 0.5 }),
    width: input("range", { min: 2, max: 400, step: 1 }),
    preset: document.createElement("select"),
    shown: input("checkbox", { checked: true }), // the heat map
    lungs: input("checkbox", { checked: outlined }),
    length: document.createElement("output"), // of the ruler
    boxHint: document.createElement("output"),
    boxPlace: document.createElement("output"),
    noBox: button(texts.noBox, texts.noBoxHelp),
    zoomIn: button("+", texts.zoomIn),
    zoomOut: button("−", texts.zoomOut),
    whole: button(texts.reset, texts.resetHelp),
    screen: button(texts.screen, texts.screenHelp),
  };
  for (const name of ["contour", "inverted", "flipped", "measuring", "boxing"]) tools[name] = input("checkbox", {});
  tools.preset.append(...[...Object.keys(windows), "Custom"].map((name) => new Option(texts.windows[name], name)));
  tools.boxHint.textContent = texts.boxHelp;
  tools.boxPlace.className = "viewer-place";
  const whole = (value) => Math.round(value);
  tools.sliders = {
    centre: slider(texts.level, tools.centre, whole),
    width: slider(texts.width, tools.width, whole),
    strength: slider(texts.opacity, tools.strength, (value) => `${whole(100 * value)}%`),
  };
  tools.takeWindow = (name) => {
    const [low, high] = windows[name];
    [tools.centre.value, tools.width.value] = [(low + high) / 2, high - low];
  };
  tools.takeWindow("Full range");
  return tools;
}

// Let the controls do what they are for; those of ruler and box are set up with the marks.
function takeControls(root, { data, tools, redraw, relight, zoom, reset }) {
  const { texts } = data;
  tools.shown.onchange = () => (root.dataset.heat = tools.shown.checked);
  tools.shown.onchange();
  for (const control of [tools.flipped, tools.contour, tools.lungs]) control.onchange = redraw;
  tools.strength.oninput = redraw;
  tools.inverted.onchange = relight;
  tools.preset.onchange = ({ target }) => (target.value === "Custom" || tools.takeWindow(target.value), relight());
  tools.centre.oninput = tools.width.oninput = () => ((tools.preset.value = "Custom"), relight());
  tools.zoomIn.onclick = () => zoom(STEP);
  tools.zoomOut.onclick = () => zoom(1 / STEP);
  tools.whole.onclick = reset;
  tools.screen.onclick = () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen());
  root.onfullscreenchange = () =>
    (tools.screen.textContent = document.fullscreenElement ? texts.leaveScreen : texts.screen);
}
