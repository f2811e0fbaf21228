// Asks, on a click, whether the browser may tell that a run has ended; and tells it, while any page of the app is open.
const wishFor = (run) => `notify-${run}`; // in the storage of this tab

// Chrome for Android has the class and throws: there it takes a service worker.
function notified(sentence) {
  try {
    new Notification(sentence);
    return true;
  } catch {
    return false;
  }
}

export default function ({ parentElement, data }) {
  if (!("Notification" in window)) return; // over plain HTTP from another computer
  const root = parentElement.querySelector(".run-notification");
  if (!root.hasChildNodes()) {
    const [button, note] = ["button", "div"].map((name) => root.appendChild(document.createElement(name)));
    button.type = "button";
    note.setAttribute("role", "status");
  }
  const [button, note] = root.children;
  if (root.dataset.run !== data.run) note.textContent = "";
  root.dataset.run = data.run;
  if (data.ended) {
    const wish = wishFor(data.ended.run);
    if (sessionStorage.getItem(wish) && !notified(data.ended.sentence)) note.textContent = data.unable;
    sessionStorage.removeItem(wish);
  }
  button.hidden = !data.run;
  if (!data.run) return;

  const wish = wishFor(data.run);
  const show = () => {
    const wanted = sessionStorage.getItem(wish) !== null;
    button.textContent = data.offer;
    button.setAttribute("aria-pressed", wanted);
    if (wanted) note.textContent = data.wanted;
  };
  button.onclick = async () => {
    note.textContent = "";
    if (sessionStorage.getItem(wish)) sessionStorage.removeItem(wish);
    else if (Notification.permission !== "granted" && !notified("")) note.textContent = data.unable; // not shown yet
    else if ((await Notification.requestPermission()) === "granted") sessionStorage.setItem(wish, "yes");
    else note.textContent = data.refused;
    show();
  };
  show();
}
