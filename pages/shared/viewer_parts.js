// What the viewer consists of, from top to bottom: answer, images, controls, and what the keys do.
function viewerParts({ data, tools, panels }) {
  const { texts } = data;
  const part = (tag, name, ...content) => {
    const element = document.createElement(tag);
    element.className = name;
    element.append(...content);
    return element;
  };
  const { centre, width, strength } = tools.sliders;
  const switches = [labelled(texts.invert, tools.inverted), labelled(texts.flip, tools.flipped), labelled(texts.ruler, tools.measuring)];
  if (data.boxes) switches.push(labelled(texts.box, tools.boxing));
  if (data.lungs) switches.unshift(labelled(texts.lungs, tools.lungs));
  if (data.heat.heat) switches.unshift(labelled(texts.heat, tools.shown), labelled(texts.contour, tools.contour));
  const ranges = [labelled(texts.window, tools.preset), centre.label, width.label];
  if (data.heat.heat) ranges.unshift(strength.label);
  const marks = data.boxes ? [tools.length, tools.boxHint, tools.noBox, tools.boxPlace] : [tools.length];
  const controls = part(
    "div",
    "viewer-tools",
    part("div", "viewer-buttons", tools.zoomIn, tools.zoomOut, tools.whole, tools.screen),
    part("div", "viewer-switches", ...switches),
    part("div", "viewer-marks", ...marks),
    part("div", "viewer-ranges", ...ranges)
  );
  const images = part("div", "viewer-images", ...panels.map(({ figure }) => figure));
  return [part("p", "viewer-answer", data.answer), images, controls, part("p", "viewer-keys", data.keys)];
}
