// A box around a finding, in shares of the image's width and height: left, top, right, bottom.
const SMALLEST = 0.01; // side of a box
const NUDGE = 0.01; // share of the image's side
const CENTRAL = [[0.4, 0.4], [0.6, 0.6]]; // corners of a box that keys begin, in shares of what is seen of the image
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const corners = ([left, top, right, bottom]) =>
  [[left, top], [right, top], [right, bottom], [left, bottom], [left, top]];

const spanned = ([left, top], [right, bottom]) =>
  [Math.min(left, right), Math.min(top, bottom), Math.max(left, right), Math.max(top, bottom)];

// Whether a box is none, or so small that a click drew it.
const negligible = (box) => !box || Math.min(box[2] - box[0], box[3] - box[1]) < SMALLEST;

// A box moved by an arrow key as it is seen, or, with Shift, made wider, narrower, taller or lower; within the image.
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
