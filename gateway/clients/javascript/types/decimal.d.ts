export const decimal: Readonly<{
    compare: typeof compare;
    add: typeof add;
    subtract: typeof subtract;
    multiply: typeof multiply;
    toScale: typeof toScale;
    isMultipleOf: typeof isMultipleOf;
    sign: typeof sign;
    isDecimal: (text: unknown) => boolean;
}>;
export type Rounding = "half-even" | "down" | "up";
/**
 * @param {string} left
 * @param {string} right
 * @returns {-1 | 0 | 1} as for a sort: the numbers count, `1.0` and `1.00` are equal
 */
declare function compare(left: string, right: string): -1 | 0 | 1;
/** @param {string} left @param {string} right */
declare function add(left: string, right: string): string;
/** @param {string} left @param {string} right */
declare function subtract(left: string, right: string): string;
/**
 * Exact: the scales add up. `toScale` shortens it.
 * @param {string} left
 * @param {string} right
 */
declare function multiply(left: string, right: string): string;
/**
 * @param {string} text
 * @param {number} scale how many digits stand behind the point
 * @param {Rounding} [rounding] `down` is towards zero, `up` away from it
 */
declare function toScale(text: string, scale: number, rounding?: Rounding): string;
/**
 * Whether a price is on its tick, an amount on its lot.
 * @param {string} text
 * @param {string} step above zero
 */
declare function isMultipleOf(text: string, step: string): boolean;
/**
 * @param {string} text
 * @returns {-1 | 0 | 1}
 */
declare function sign(text: string): -1 | 0 | 1;
export {};
