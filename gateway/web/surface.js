// A canvas in the pixels of its screen and the colours of the theme.
import { view } from './frame.js';

const COLOURS = 'text soft faint line panel raised buy sell buy-button sell-button buy-wash sell-wash bad on-fill edge'.split(' ');
let palette = read();
document.addEventListener('theme', () => {
  palette = read();
  for (const surface of all) surface.invalidate();
});
const all = [];

function read() {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(COLOURS.map((name) => [name.replace('-', '_'), style.getPropertyValue(`--${name}`).trim()]));
}

export class Surface {
  #draw;
  #resized = true;

  /** `draw(context, width, height, palette)` in CSS pixels, at most once a frame. */
  constructor(canvas, draw) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d', { alpha: false });
    this.width = 0;
    this.height = 0;
    this.pointer = null;
    this.#draw = draw;
    this.invalidate = view(canvas, () => this.#render());
    all.push(this);
    new ResizeObserver(([entry]) => {
      this.width = Math.floor(entry.contentRect.width);
      this.height = Math.floor(entry.contentRect.height);
      this.#resized = true;
      this.invalidate();
    }).observe(canvas.parentElement);
    canvas.addEventListener('pointermove', (event) => {
      this.pointer = { x: event.offsetX, y: event.offsetY };
      this.invalidate();
    });
    canvas.addEventListener('pointerleave', () => {
      this.pointer = null;
      this.invalidate();
    });
  }

  #render() {
    const { canvas, context, width, height } = this;
    if (width < 20 || height < 20) return;
    const ratio = Math.min(3, devicePixelRatio || 1);
    if (this.#resized || this.ratio !== ratio) {
      this.#resized = false;
      this.ratio = ratio;
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
      const style = getComputedStyle(canvas);
      this.size = Math.max(10, Math.round(Number.parseFloat(getComputedStyle(document.body).fontSize) * 0.85));
      this.font = `${this.size}px ${style.fontFamily}`;
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.font = this.font;
    context.fillStyle = palette.panel;
    context.fillRect(0, 0, width, height);
    this.#draw(context, width, height, palette);
  }
}

/** Round numbers between two ends, about `wanted` of them. */
export function ticks(low, high, wanted) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((it) => it * power).find((it) => it >= rough) ?? rough;
  const out = [];
  for (let at = Math.ceil(low / step) * step; at <= high; at += step) out.push(at);
  return out;
}

/** A label on a ground of its own, at the right edge. */
export function tag(context, text, x, y, size, ground, colour) {
  const width = context.measureText(text).width + 8;
  context.fillStyle = ground;
  context.fillRect(x, y - size * 0.7, width, size * 1.4);
  context.fillStyle = colour;
  context.textAlign = 'left';
  context.textBaseline = 'middle';
  context.fillText(text, x + 4, y + 0.5);
}

/** A line of the grid; text after it is a label. */
export function rule(context, colour, y, width) {
  context.fillStyle = colour.line;
  context.fillRect(0, Math.round(y), width, 1);
  context.fillStyle = colour.faint;
}

/** A dashed line. */
export function dashes(context, tone, dash, [x, y], [toX, toY]) {
  context.strokeStyle = tone;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, Math.round(y) + 0.5);
  context.lineTo(Math.round(toX) + 0.5, Math.round(toY) + 0.5);
  context.stroke();
  context.setLineDash([]);
}
