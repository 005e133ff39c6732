/**
 * Decimals as the exchange writes them: strings in, strings out, big integers between. Nothing is
 * ever a binary fraction, so no digit is lost.
 */

/** @typedef {'half-even' | 'down' | 'up'} Rounding */

const FORM = /^([+-]?)(\d+)(?:\.(\d+))?$/;

/**
 * @param {string} text digits, perhaps with a sign before and one point between them
 * @returns {{units: bigint, scale: number}}
 */
function parse(text) {
  const found = typeof text === 'string' ? FORM.exec(text) : null;
  if (!found) throw new TypeError(`not a decimal: ${String(text)}`);
  const fraction = found[3] ?? '';
  const units = BigInt(found[2] + fraction);
  return { units: found[1] === '-' ? -units : units, scale: fraction.length };
}

/** @param {bigint} units @param {number} scale */
function print(units, scale) {
  const digits = (units < 0n ? -units : units).toString().padStart(scale + 1, '0');
  const sign = units < 0n ? '-' : '';
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** @param {number} scale */
const power = (scale) => 10n ** BigInt(scale);

/**
 * Both on the larger of their scales.
 * @param {string} left
 * @param {string} right
 * @returns {[bigint, bigint, number]}
 */
function align(left, right) {
  const [a, b] = [parse(left), parse(right)];
  const scale = Math.max(a.scale, b.scale);
  return [a.units * power(scale - a.scale), b.units * power(scale - b.scale), scale];
}

/**
 * @param {string} left
 * @param {string} right
 * @returns {-1 | 0 | 1} as for a sort: the numbers count, `1.0` and `1.00` are equal
 */
function compare(left, right) {
  const [a, b] = align(left, right);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** @param {string} left @param {string} right */
function add(left, right) {
  const [a, b, scale] = align(left, right);
  return print(a + b, scale);
}

/** @param {string} left @param {string} right */
function subtract(left, right) {
  const [a, b, scale] = align(left, right);
  return print(a - b, scale);
}

/**
 * Exact: the scales add up. `toScale` shortens it.
 * @param {string} left
 * @param {string} right
 */
function multiply(left, right) {
  const [a, b] = [parse(left), parse(right)];
  return print(a.units * b.units, a.scale + b.scale);
}

/**
 * @param {string} text
 * @param {number} scale how many digits stand behind the point
 * @param {Rounding} [rounding] `down` is towards zero, `up` away from it
 */
function toScale(text, scale, rounding = 'half-even') {
  if (!Number.isInteger(scale) || scale < 0) throw new RangeError(`not a scale: ${scale}`);
  const { units, scale: had } = parse(text);
  if (had <= scale) return print(units * power(scale - had), scale);
  const step = power(had - scale);
  const size = units < 0n ? -units : units;
  let [whole, rest] = [size / step, size % step];
  const isUp =
    rounding === 'up'
      ? rest > 0n
      : rounding === 'half-even' && (rest * 2n > step || (rest * 2n === step && whole % 2n === 1n));
  if (isUp) whole += 1n;
  return print(units < 0n ? -whole : whole, scale);
}

/**
 * Whether a price is on its tick, an amount on its lot.
 * @param {string} text
 * @param {string} step above zero
 */
function isMultipleOf(text, step) {
  const [a, b] = align(text, step);
  if (b <= 0n) throw new RangeError(`not a step: ${step}`);
  return a % b === 0n;
}

/**
 * @param {string} text
 * @returns {-1 | 0 | 1}
 */
function sign(text) {
  const { units } = parse(text);
  return units < 0n ? -1 : units > 0n ? 1 : 0;
}

/** Whether it is a decimal that these functions read. @param {unknown} text */
const isDecimal = (text) => typeof text === 'string' && FORM.test(text);

export const decimal = Object.freeze({
  compare,
  add,
  subtract,
  multiply,
  toScale,
  isMultipleOf,
  sign,
  isDecimal,
});
