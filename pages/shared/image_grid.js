// A page of images drawn from one sprite sheet: a hundred thumbnails in one request. A click reports the row.
export default function ({ parentElement, data, setTriggerValue }) {
  const grid = parentElement.querySelector(".image-grid");
  grid.replaceChildren(
    ...data.images.map((image, index) => {
      const button = document.createElement("button");
      button.className = "image-tile";
      button.title = image.path;
      button.onclick = () => setTriggerValue("clicked", image.row);
      const thumbnail = document.createElement("span");
      const [column, line] = [index % data.columns, Math.floor(index / data.columns)];
      thumbnail.style.backgroundImage = `url(${data.sprite})`;
      thumbnail.style.backgroundSize = `${data.columns * 100}% ${data.lines * 100}%`;
      const percent = (index, count) => (count > 1 ? (100 * index) / (count - 1) : 0);
      thumbnail.style.backgroundPosition = `${percent(column, data.columns)}% ${percent(line, data.lines)}%`;
      const caption = document.createElement("small");
      caption.textContent = image.caption;
      button.append(thumbnail, caption);
      return button;
    })
  );
}
