// The viewer's controls, and whether a key is meant for it.
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

// A box moved by an arrow key as it is seen, or, with Shift, made wider, narrower, taller or lower; within the image.
const NUDGE = 0.01; // share of the image's side
const CENTRAL = [[0.4, 0.4], [0.6, 0.6]]; // corners of a box that keys begin, in shares of what is seen of the image
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function nudged(box, { key, shiftKey }, flipped) {
  const [across, down] = DIRECTIONS[key];
  const ends = (low, high, step) => {
    if (shiftKey) return [Math.max(0, low - (step * NUDGE) / 2), Math.min(1, high + (step * NUDGE) / 2)];
    const moved = Math.max(-low, Math.min(1 - high, step * NUDGE));
    return [low + moved, high + moved];
  };
  const [left, right] = ends(box[0], box[2], !shiftKey && flipped ? -across : across);
  const [top, bottom] = ends(box[1], box[3], down);
  const visible = Math.min(right - left, bottom - top) >= NUDGE;
  return visible ? [left, top, right, bottom] : box;
}

// Where a box lies as it is seen, in words.
function placed([left, top, right, bottom], flipped, words) {
  const shares = { left: flipped ? 1 - right : left, top, width: right - left, height: bottom - top };
  return words.replace(/\{(\w+)\}/g, (_, name) => Math.round(100 * shares[name]));
}
