// A page for React and Vue to draw on; to be loaded before them.

import { Window } from 'happy-dom';

const window = new Window({ url: 'http://localhost/' });
const taken = ['navigator', 'document', 'HTMLElement', 'HTMLIFrameElement', 'Element', 'Node', 'SVGElement', 'MathMLElement', 'MutationObserver'];
// Not its events: those of Node go with Node's own targets.
for (const name of taken) Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
globalThis.requestAnimationFrame = window.requestAnimationFrame.bind(window);
globalThis.window = window;
// Vue looks for its tools for three seconds, and the test would wait with it.
globalThis.__VUE_DEVTOOLS_GLOBAL_HOOK__ = { enabled: false, emit() {} };

/** An element, and waiting for what it shows. */
export class Page {
  constructor() {
    this.root = document.createElement('div');
    document.body.append(this.root);
  }

  text(id) {
    return this.root.querySelector(`#${id}`)?.textContent;
  }

  shows(id, isWanted, timeoutMs = 20_000) {
    const holds = () => isWanted(this.text(id) ?? '');
    if (holds()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const observer = new MutationObserver(() => holds() && end(resolve));
      const end = (settle) => {
        clearTimeout(timer);
        observer.disconnect();
        settle();
      };
      const timer = setTimeout(() => end(() => reject(new Error(`${id} shows ${this.text(id)}`))), timeoutMs);
      observer.observe(this.root, { subtree: true, childList: true, characterData: true, attributes: true });
    });
  }
}
