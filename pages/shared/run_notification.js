// Asks, on a click, whether the browser may tell that a run has ended; and tells it, while any page of the app is open.
export default function ({ parentElement, data }) {
  if (!("Notification" in window)) return; // over plain HTTP from another computer
  const root = parentElement.querySelector(".run-notification");
  const wish = `notify-${data.run}`; // of this tab
  if (data.ended) {
    if (sessionStorage.getItem(wish)) new Notification(data.ended);
    sessionStorage.removeItem(wish);
    root.replaceChildren();
    return;
  }
  const button = root.querySelector("button") ?? root.appendChild(document.createElement("button"));
  button.type = "button";
  const show = () => (button.textContent = sessionStorage.getItem(wish) ? data.wanted : data.offer);
  button.onclick = async () => {
    if (sessionStorage.getItem(wish)) sessionStorage.removeItem(wish);
    else if ((await Notification.requestPermission()) === "granted") sessionStorage.setItem(wish, "yes");
    else return (button.textContent = data.refused);
    show();
  };
  show();
}
