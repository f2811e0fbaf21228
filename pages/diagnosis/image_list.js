// The worklist: arrows, Home and End move through it, Enter opens an image, and so does a click. The list itself
// has the focus and stays the same element while the page runs again, so the focus stays where it was.
const STEPS = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity };

function line(className, ...texts) {
  const made = document.createElement("span");
  made.className = className;
  made.append(...texts);
  return made;
}

function option(image, index, opened) {
  const row = document.createElement("div");
  Object.assign(row, { id: `image-list-${index}`, className: "image-list-row", title: image.remarks });
  row.setAttribute("role", "option");
  row.setAttribute("aria-selected", opened);
  const thumbnail = Object.assign(document.createElement("img"), { src: image.thumbnail, alt: "" });
  const finding = line("image-list-finding", image.finding);
  finding.style.color = `var(--st-${image.color}-text-color)`;
  const text = line("image-list-text", line("image-list-name", image.name));
  text.append(line("", finding, image.score && ` ${image.score}`), line("image-list-note", image.note));
  row.append(thumbnail, text);
  return row;
}

export default function ({ parentElement, data, setTriggerValue }) {
  const list = parentElement.querySelector(".image-list");
  const order = data.images.map((image) => image.key).join();
  const same = list.dataset.opened === String(data.opened) && list.dataset.order === order;
  let active = same ? Number(list.dataset.active) : (data.opened ?? 0);
  Object.assign(list.dataset, { opened: data.opened, order });
  list.tabIndex = 0;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", data.title);
  list.replaceChildren(...data.images.map((image, index) => option(image, index, index === data.opened)));
  const rows = [...list.children];
  const activate = (index) => {
    active = Math.min(rows.length - 1, Math.max(0, index));
    list.dataset.active = active;
    list.setAttribute("aria-activedescendant", rows[active].id);
    rows.forEach((row, number) => row.classList.toggle("active", number === active));
    const [top, bottom] = [rows[active].offsetTop, rows[active].offsetTop + rows[active].offsetHeight];
    if (top < list.scrollTop) list.scrollTop = top;
    if (bottom > list.scrollTop + list.clientHeight) list.scrollTop = bottom - list.clientHeight;
  };
  const open = (index) => setTriggerValue("opened", data.images[index].key);
  list.onkeydown = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in STEPS) activate(active + STEPS[event.key]);
    else if (event.key === "Enter") open(active);
    else return;
    event.preventDefault(); // the page stays where it is
  };
  rows.forEach((row, index) => (row.onclick = () => (activate(index), open(index))));
  activate(active);
}
