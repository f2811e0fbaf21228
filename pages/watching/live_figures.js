// Draws Plotly figures side by side and updates them in place: no frame without a curve, and a zoom stays.
const load = (source) => {
  if (!window.studioPlotly) {
    window.studioPlotly = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = source;
      script.onload = () => resolve(window.Plotly);
      script.onerror = () => reject(new Error(`${source} could not be loaded; start the app with make run.`));
      document.head.append(script);
    });
  }
  return window.studioPlotly;
};

const added = (row, Plotly) => {
  const place = row.appendChild(document.createElement("div"));
  new ResizeObserver(() => place.data && Plotly.Plots.resize(place)).observe(place);
  return place;
};

export default function ({ parentElement, data }) {
  const row = parentElement.querySelector(".live-figures");
  load(data.plotly)
    .then((Plotly) => {
      data.figures.forEach((text, number) => {
        const place = row.children[number] ?? added(row, Plotly);
        if (place.shown === text) return;
        place.shown = text;
        const { data: traces, layout } = JSON.parse(text);
        Plotly.react(place, traces, layout, { displaylogo: false });
      });
      while (row.children.length > data.figures.length) row.lastChild.remove();
    })
    .catch((error) => { row.textContent = error.message; });
}
