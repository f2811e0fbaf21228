// A column for each model: key figures with their intervals as bars, the confusion matrix, whose cells are buttons,
// and the ROC. A press reports the cell; a second one closes it.
function made(tag, className, ...content) {
  const element = document.createElement(tag);
  element.className = className;
  element.append(...content);
  return element;
}

function figure({ title, text, bounds, low, value, high }, color) {
  const row = made("div", "key-figures-row", made("span", "", `${title} `, made("strong", "", text), ` ${bounds}`));
  if (value === null) return row;
  const bar = made("div", "key-figures-bar");
  bar.setAttribute("aria-hidden", "true"); // the text says it
  const interval = made("span", "key-figures-interval");
  Object.assign(interval.style, { left: `${low}%`, width: `${high - low}%`, background: color });
  const point = made("span", "key-figures-point");
  Object.assign(point.style, { left: `${value}%`, background: color });
  bar.append(interval, point);
  row.append(bar);
  return row;
}

function matrix(model, data, pressed, press) {
  const heads = data.predictions.map((prediction) => made("th", "", prediction));
  const rows = model.matrix.map((cells, row) => {
    const head = made("th", "key-figures-truth", made("span", "", data.truths[row]));
    const buttons = cells.map(({ name, count, share, shade }, column) => {
      const button = made("button", "", made("strong", "", `${name} ${count}`), " ", made("span", "", share));
      button.title = `${data.truths[row]}, ${data.predictions[column]}`;
      button.style.background = `color-mix(in srgb, #0b6e99 ${shade}%, #5c6974)`;
      button.setAttribute("aria-pressed", String([model.name, row, column]) === String(pressed));
      button.onclick = () => press([model.name, row, column]);
      return made("td", "", button);
    });
    return made("tr", "", head, ...buttons);
  });
  return made("table", "key-figures-matrix", made("tr", "", made("td", "key-figures-truth"), ...heads), ...rows);
}

export default function ({ parentElement, data, setStateValue }) {
  const columns = parentElement.querySelector(".key-figures");
  const focused = [...columns.querySelectorAll("button")].indexOf(document.activeElement);
  const press = (cell) => setStateValue("cell", String(cell) === String(data.pressed) ? null : cell);
  columns.replaceChildren(
    ...data.models.map((model) => {
      const title = made("p", "key-figures-title", model.title);
      const axis = made("div", "key-figures-axis", made("span", "", data.range[0]), made("span", "", data.range[1]));
      axis.setAttribute("aria-hidden", "true");
      const rows = model.figures.map((each) => figure(each, model.color));
      const column = made("section", "", title, ...rows, axis);
      if (model.matrix) column.append(matrix(model, data, data.pressed, press));
      if (model.roc) column.append(drawnRoc(model.roc, model.color, data.axes));
      return column;
    })
  );
  columns.querySelectorAll("button")[focused]?.focus(); // where it was before the page ran again
}
