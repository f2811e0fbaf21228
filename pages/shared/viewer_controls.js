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
