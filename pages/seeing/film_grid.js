// A page of films as one picture, cut by CSS: a hundred films cost one image. A click names the film.
export default function ({ parentElement, data, setTriggerValue }) {
  const grid = parentElement.querySelector(".film-grid");
  grid.replaceChildren(
    ...data.films.map((film, place) => {
      const button = document.createElement("button");
      button.className = "film";
      button.title = film.path;
      button.onclick = () => setTriggerValue("clicked", film.row);
      const picture = document.createElement("span");
      const [column, line] = [place % data.columns, Math.floor(place / data.columns)];
      picture.style.backgroundImage = `url(${data.sprite})`;
      picture.style.backgroundSize = `${data.columns * 100}% ${data.lines * 100}%`;
      const share = (part, whole) => (whole > 1 ? (100 * part) / (whole - 1) : 0);
      picture.style.backgroundPosition = `${share(column, data.columns)}% ${share(line, data.lines)}%`;
      const caption = document.createElement("small");
      caption.textContent = film.caption;
      button.append(picture, caption);
      return button;
    })
  );
}
