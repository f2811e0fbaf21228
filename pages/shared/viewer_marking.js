// Ruler and box: which of them is drawn, in words and for keys, and when the box is saved.
const PAUSE_MS = 250;

function toggle(checkbox) {
  checkbox.checked = !checkbox.checked;
  checkbox.onchange();
}

function makeMarking(root, { data, tools, panels, layers, redraw }, send) {
  const { measuring, boxing } = tools;
  const { texts } = data;
  let saved = data.box;
  let undrawn = null; // the box before it was drawn anew
  let pause = 0; // of the keys that draw a box, after which it is saved

  // What is drawn is what is saved, however the drawing ends.
  const save = () => {
    clearTimeout(pause);
    if (String(layers.box) === String(saved)) return;
    saved = layers.box;
    send(saved);
  };
  const saveSoon = () => {
    clearTimeout(pause);
    pause = setTimeout(save, PAUSE_MS);
  };
  const describe = () => {
    for (const { title, drawn, current } of panels) {
      const takesBox = boxing.checked && current;
      drawn.tabIndex = takesBox ? 0 : -1;
      drawn.setAttribute("role", takesBox ? "application" : "img"); // of which a screen reader passes on the keys
      drawn.setAttribute("aria-label", takesBox ? `${title}. ${texts.boxHelp}` : title);
    }
  };
  const choosing = (chosen, other) => () => {
    if (chosen.checked) other.checked = false;
    if (!measuring.checked) layers.ruler = null;
    root.dataset.marking = measuring.checked || boxing.checked;
    if (!boxing.checked) save();
    else if (chosen === boxing) undrawn = layers.box;
    describe();
    redraw();
  };
  const focusImage = () =>
    panels.find(({ drawn, current }) => current && drawn.offsetParent).drawn.focus({ preventScroll: true });

  measuring.onchange = choosing(measuring, boxing);
  boxing.onchange = choosing(boxing, measuring);
  tools.noBox.onclick = () => {
    layers.box = null;
    save();
    redraw();
  };
  root.showBox = (box) => {
    saved = box;
    if (!boxing.checked) layers.box = box; // else it is being drawn
    redraw();
  };
  root.interrupted = (image) => {
    clearTimeout(pause);
    for (const { drawn } of panels) drawn.onblur = null;
    const focused = root.contains(document.activeElement);
    return boxing.checked && image === data.image && { box: layers.box, undrawn, focused };
  };
  describe();
  return {
    save,
    saveSoon,
    focusImage,
    undo: () => (layers.box = undrawn),
    // Go on with what was being drawn when other images came.
    resume(drawing) {
      toggle(boxing);
      undrawn = drawing.undrawn;
      saveSoon();
      if (drawing.focused) focusImage();
    },
  };
}

// The ruler's length, and where the box lies, in words.
function tellMarks({ data, tools, layers }) {
  const { measuring, boxing, flipped } = tools;
  const { width, height, unit } = data.scale;
  const { ruler, box } = layers;
  const [[left, top], [right, bottom]] = ruler ?? [[0, 0], [0, 0]];
  const distance = Math.hypot((right - left) * width, (bottom - top) * height);
  tools.length.textContent = ruler ? `${distance.toFixed(distance < 100 ? 1 : 0)} ${unit}` : data.texts.drag;
  tools.length.hidden = !measuring.checked;
  tools.boxHint.hidden = !boxing.checked;
  tools.noBox.hidden = !box;
  const place = boxing.checked && box ? placed(box, flipped.checked, data.texts.boxPlace) : "";
  if (tools.boxPlace.textContent !== place) tools.boxPlace.textContent = place; // which is read aloud
}
