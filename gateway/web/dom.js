// Making and changing elements. What did not change is not touched, so that a frame costs what
// moved in it; text never becomes markup.

/** An element with properties (`class`, `on`, `data`, ARIA and others as attributes) and children. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [type, run] of Object.entries(value)) node.addEventListener(type, run);
    else if (name === 'data') Object.assign(node.dataset, value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children);
  return node;
}

export const byId = (id) => document.getElementById(id);

/** Sets the text of an element that holds nothing else. */
export function setText(node, text) {
  if (node.shownText === text) return;
  node.shownText = text;
  // A text that is there is changed, which costs less than another one in its place.
  if (node.firstChild) node.firstChild.data = text;
  else node.textContent = text;
}

/** Sets the classes of an element as a whole. */
export function setClass(node, name) {
  if (node.shownClass === name) return;
  node.shownClass = name;
  node.className = name;
}

export function setHidden(node, hidden) {
  if (node.hidden !== hidden) node.hidden = hidden;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

/** Scales a bar to a share between 0 and 1, without a layout. */
export function setShare(node, share) {
  const rounded = Math.round(Math.min(1, Math.max(0, share)) * 500) / 500;
  if (node.shownShare === rounded) return;
  node.shownShare = rounded;
  node.style.transform = `scaleX(${rounded})`;
}

/**
 * Rows by key under `parent`, in the order of `items`. A row is made once, updated where its item
 * is, moved only where it stands elsewhere, and taken out with its item.
 */
export function keyed(parent, make, update) {
  const rows = new Map();
  return (items, keyOf) => {
    const kept = new Set();
    let next = parent.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      kept.add(key);
      let row = rows.get(key);
      if (!row) {
        row = make(item, key);
        rows.set(key, row);
      }
      if (row.node === next) next = next.nextElementSibling;
      // A row that is being typed in is not moved: it would lose its focus.
      else if (!row.node.isConnected || !row.node.contains(document.activeElement)) parent.insertBefore(row.node, next);
      update(row, item);
    }
    for (const [key, row] of rows) {
      if (kept.has(key)) continue;
      row.node.remove();
      rows.delete(key);
    }
  };
}

/** Tabs as WAI-ARIA has them: arrows move, one stop for the Tab key. */
export function tabs(list, onChange = () => {}) {
  const all = [...list.querySelectorAll('[role="tab"]')];
  const select = (tab, focus = false) => {
    for (const other of all) {
      const on = other === tab;
      other.setAttribute('aria-selected', String(on));
      other.tabIndex = on ? 0 : -1;
      const panel = byId(other.getAttribute('aria-controls'));
      if (panel && list.closest('.panel').contains(panel)) panel.hidden = !on;
    }
    if (focus) tab.focus();
    onChange(tab.id);
  };
  list.addEventListener('click', (event) => {
    const tab = event.target.closest('[role="tab"]');
    if (tab) select(tab);
  });
  list.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const shown = all.filter((tab) => !tab.hidden);
    const at = shown.indexOf(event.target.closest('[role="tab"]'));
    select(shown[(at + step + shown.length) % shown.length], true);
  });
  return { select: (id) => select(byId(id)) };
}

/** One of several, as radio buttons. */
export function choices(group, words, chosen, onChange) {
  const buttons = new Map();
  const select = (value, focus) => {
    for (const [other, button] of buttons) {
      const on = other === value;
      button.setAttribute('aria-checked', String(on));
      button.tabIndex = on ? 0 : -1;
      if (on && focus) button.focus();
    }
  };
  const choose = (value, focus) => {
    select(value, focus);
    onChange(value);
  };
  for (const [value, word] of words) {
    const button = el('button', { type: 'button', role: 'radio', class: 'step', data: { value }, on: { click: () => choose(value, false) } }, word);
    buttons.set(value, button);
    group.append(button);
  }
  group.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const values = [...buttons.keys()];
    const at = values.findIndex((value) => buttons.get(value) === document.activeElement);
    choose(values[(at + step + values.length) % values.length], true);
  });
  select(chosen, false);
  return { select: (value) => select(value, false) };
}
