// A table that is made of roles, so that its rows can be laid out as cards on a narrow screen.
import { el, keyed, setHidden } from './dom.js';

/**
 * @param {HTMLElement} room where it stands
 * @param {string} name for screen readers
 * @param {[string, string, string?, string?][]} columns a name, a title, `num` for figures, and what a
 *   narrow screen calls it
 * @param {string} empty what stands there without rows
 */
export function table(room, name, columns, empty, make, update) {
  const head = el('div', { class: 'tr head', role: 'row' }, ...columns.map(([key, title, kind = '']) => el('span', { class: `td c-${key} ${kind}`, role: 'columnheader' }, title)));
  const body = el('div', { role: 'rowgroup', class: 'rows' });
  const note = el('p', { class: 'empty' }, empty);
  const whole = el('div', { class: 'table', role: 'table', 'aria-label': name }, el('div', { role: 'rowgroup' }, head), body);
  room.append(whole, note);
  const rows = keyed(body, (item, key) => {
    const cells = Object.fromEntries(columns.map(([column, title, kind = '', brief]) => [column, el('span', { class: `td c-${column} ${kind}`, role: 'cell', data: { name: brief ?? title } })]));
    const node = el('div', { class: 'tr', role: 'row' }, ...Object.values(cells));
    const row = { node, cells, key };
    make(row, item);
    return row;
  }, update);
  return (items, keyOf) => {
    rows(items, keyOf);
    setHidden(note, items.length > 0);
    setHidden(whole, items.length === 0);
  };
}
