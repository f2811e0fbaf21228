// Draws Plotly figures side by side and updates them in place, without flickering or resetting the zoom.
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

const addFigure = (row, Plotly) => {
  const element = row.appendChild(document.createElement("div"));
  new ResizeObserver(() => element.data && Plotly.Plots.resize(element)).observe(element);
};

export default function ({ parentElement, data }) {
  const row = parentElement.querySelector(".live-figures");
  load(data.plotly)
    .then((Plotly) => {
      // All of them stand in their places before the first is drawn, which would fill the row otherwise.
      while (row.children.length < data.figures.length) addFigure(row, Plotly);
      data.figures.forEach((text, number) => {
        const element = row.children[number];
        if (element.drawn === text) return;
        element.drawn = text;
        const { data: traces, layout } = JSON.parse(text);
        Plotly.react(element, traces, layout, { displaylogo: false });
      });
      while (row.children.length > data.figures.length) row.lastChild.remove();
    })
    .catch((error) => { row.textContent = error.message; });
}
