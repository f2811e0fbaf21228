// What a pointer does on the images: zoom, move, and draw ruler and box.
function takePointer({ tools, position, panels, layers, redraw, zoom, reset }, marking) {
  const { measuring, boxing } = tools;
  let start = null; // where the pointer went down on an image; null once it is up
  let before = null; // the box at that moment

  panels.forEach(({ drawn, current, share }) => {
    drawn.onwheel = (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      zoom(event.deltaY < 0 ? STEP : 1 / STEP, ...share(event));
    };
    drawn.onpointerdown = (event) => {
      drawn.setPointerCapture(event.pointerId);
      [start, before] = [position.inImage(share(event)), layers.box];
    };
    drawn.onpointermove = (event) => {
      if (!start || !event.buttons) return; // not pressed, or pressed elsewhere
      if ((measuring.checked || boxing.checked) && current) {
        const end = position.inImage(share(event));
        if (boxing.checked) layers.box = spanned(start, end);
        else layers.ruler = [start, end];
      } else {
        const area = drawn.getBoundingClientRect();
        position.move(event.movementX / area.width, event.movementY / area.height);
      }
      redraw();
    };
    drawn.onpointerup = () => {
      const ends = start && boxing.checked && current;
      start = null;
      if (!ends) return;
      if (negligible(layers.box)) layers.box = null;
      toggle(boxing);
    };
    drawn.onpointercancel = () => {
      start = null;
      layers.box = before;
      redraw();
    };
    drawn.onblur = () => boxing.checked && !start && marking.save();
    drawn.ondblclick = reset;
  });
}
