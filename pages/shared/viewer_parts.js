// What the viewer consists of, from top to bottom: answer, images, controls, and what the keys do.
function viewerParts({ data, tools, panels }) {
  const { texts } = data;
  const part = (tag, name, ...content) => {
    const element = document.createElement(tag);
    element.className = name;
    element.append(...content);
    return element;
  };
  const controls = part(
    "div",
    "viewer-tools",
    labelled(texts.window, tools.preset),
    tools.sliders.centre.label,
    tools.sliders.width.label,
    labelled(texts.invert, tools.inverted),
    labelled(texts.flip, tools.flipped),
    labelled(texts.ruler, tools.measuring),
    tools.length
  );
  if (data.boxes) controls.append(labelled(texts.box, tools.boxing), tools.boxHint, tools.noBox, tools.boxPlace);
  if (data.heat)
    controls.append(labelled(texts.heat, tools.shown), tools.sliders.strength.label, labelled(texts.contour, tools.contour));
  if (data.lungs) controls.append(labelled(texts.lungs, tools.lungs));
  controls.append(tools.zoomIn, tools.zoomOut, tools.whole, tools.screen);
  const images = part("div", "viewer-images", ...panels.map(({ figure }) => figure));
  return [part("p", "viewer-answer", data.answer), images, controls, part("p", "viewer-keys", data.keys)];
}
