// What keys do: on an image that takes a box, and wherever nothing is being written.
const WRITING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";
const busy = ({ target, ctrlKey, metaKey, altKey }) =>
  ctrlKey || metaKey || altKey || target.isContentEditable || target.matches(WRITING);

function takeBoxKeys({ tools, position, panels, layers, redraw }, marking) {
  const { boxing, flipped } = tools;
  panels.forEach(({ drawn, current }) => {
    drawn.onkeydown = (event) => {
      if (!boxing.checked || !current || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key in DIRECTIONS) {
        const { box } = layers;
        layers.box = box ? nudged(box, event, flipped.checked) : spanned(...CENTRAL.map(position.inImage));
        redraw();
        marking.saveSoon(); // so that Agree, which may follow, finds it
      } else if (event.key === "Enter" || event.key === "Escape") {
        if (event.key === "Escape") marking.undo();
        toggle(boxing);
      } else {
        if (event.key.length === 1) marking.save(); // it may agree with the result
        return;
      }
      event.preventDefault(); // the page stays where it is
    };
  });
}

function takePageKeys(root, { data, tools, layers, zoom, reset }, marking) {
  const { shown, flipped, measuring, boxing } = tools;
  const keys = {
    h: () => layers.heat.heat.length && toggle(shown),
    f: () => toggle(flipped),
    m: () => toggle(measuring),
    b: () => {
      if (!data.boxes) return;
      toggle(boxing);
      if (boxing.checked) marking.focusImage();
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
}
