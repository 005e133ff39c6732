// One drawing a frame: all that asked for one are drawn together, and what nobody sees waits.
// Each frame leaves a measure named "frame" for who observes the performance timeline, from before
// the first render function to after the last.

let asked = false;
const waiting = new Set();

const seen = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const view = entry.target.frameView;
    view.isSeen = entry.isIntersecting;
    if (view.isSeen && view.isDirty) ask(view);
  }
});

function ask(view) {
  view.isDirty = true;
  if (!view.isSeen) return;
  waiting.add(view);
  if (asked) return;
  asked = true;
  requestAnimationFrame(draw);
}

function draw() {
  asked = false;
  const start = performance.now();
  // What asks again while it is drawn, is drawn in the next frame.
  const views = [...waiting];
  waiting.clear();
  for (const view of views) {
    view.isDirty = false;
    try {
      view.render();
    } catch (error) {
      // One panel's fault is not the others'.
      reportError(error);
    }
  }
  performance.measure('frame', { start });
  // Observers have it already; the timeline would grow all day.
  performance.clearMeasures('frame');
}

/** `render` runs in the next frame in which `element` is seen, after the function that is given back. */
export function view(element, render) {
  const it = { render, isSeen: false, isDirty: true };
  element.frameView = it;
  seen.observe(element);
  return () => ask(it);
}

/** The same for what is seen always. */
export function always(render) {
  const it = { render, isSeen: true, isDirty: true };
  ask(it);
  return () => ask(it);
}
