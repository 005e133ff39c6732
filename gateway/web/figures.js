// Decimals as whole numbers of their smallest unit, exactly, and how they look. Floats are for
// drawing only: `approximately` is the one way to them.

const SHAPE = /^-?(0|[1-9]\d*)(\.\d+)?$/;

/** `"12.50"` at scale 2 as `1250n`; `null` where it is no decimal or has more digits. */
export function units(text, scale) {
  const plain = text?.startsWith?.('+') ? text.slice(1) : text;
  if (typeof plain !== 'string' || !SHAPE.test(plain)) return null;
  const [whole, rest = ''] = plain.split('.');
  if (rest.length > scale) return null;
  return BigInt(whole + rest.padEnd(scale, '0'));
}

/** `1250n` at scale 2 as `"12.50"`. */
export function print(value, scale) {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const at = digits.length - scale;
  const text = scale === 0 ? digits : `${digits.slice(0, at)}.${digits.slice(at)}`;
  return value < 0n ? `-${text}` : text;
}

/** Digits of the whole part in threes: `-1234567.80` as `-1,234,567.80`. */
export function grouped(text) {
  if (text === null || text === undefined) return '–';
  const point = text.indexOf('.');
  const end = point < 0 ? text.length : point;
  let start = end;
  while (start > 0 && text.charCodeAt(start - 1) >= 48 && text.charCodeAt(start - 1) <= 57) start -= 1;
  if (end - start < 4) return text;
  const threes = [];
  for (let at = end; at > start; at -= 3) threes.unshift(text.slice(Math.max(start, at - 3), at));
  const out = threes.join(',') + text.slice(end);
  return text.slice(0, start) + out;
}

/** Of the same without the zeros behind the point. */
export function short(text) {
  return text?.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** With two decimals at most, towards zero: for where room is narrow and the rest in a title. */
export function brief(text) {
  const point = text?.indexOf('.') ?? -1;
  return grouped(short(point < 0 ? text : text.slice(0, point + 3)));
}

/** With the sign before it that was asked for, a real minus included. */
export function signed(text) {
  if (text === null || text === undefined) return '–';
  if (text.startsWith('-')) return `−${grouped(text.slice(1))}`;
  if (text.startsWith('+')) return `+${grouped(text.slice(1))}`;
  return grouped(text);
}

/** -1, 0 or 1. */
export function sign(text) {
  if (!text || !/[1-9]/.test(text)) return 0;
  return text.startsWith('-') ? -1 : 1;
}

/** `buy` above zero, `sell` below it, nothing at it: with the sign that is printed, never alone. */
export const tone = (text) => ['sell', '', 'buy'][sign(text) + 1];

/** A float, for drawing. */
export const approximately = (text) => Number.parseFloat(text);

const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Hours to seconds, of this place. */
export const clock = (ms) => time.format(ms);
/** The day before them where it is not today's. */
export const moment = (ms) => (Date.now() - ms < 86_400_000 && new Date(ms).getDate() === new Date().getDate() ? time.format(ms) : day.format(ms));

/** What is left until `ms`, as `1:02:03` or `2:03`. */
export function remaining(ms, now = Date.now()) {
  const seconds = Math.max(0, Math.ceil((ms - now) / 1000));
  const two = (number) => String(number).padStart(2, '0');
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `partially_filled` as words. */
export const words = (name) => String(name ?? '').replaceAll('_', ' ').toLowerCase();
