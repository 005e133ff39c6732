/**
 * @param {string} text ASCII
 * @returns {number} unsigned
 */
export function crc32(text: string): number;
