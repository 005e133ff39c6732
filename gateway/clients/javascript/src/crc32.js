/** CRC-32 (IEEE 802.3, as in zip and PNG), which order books are checked with. */

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/**
 * @param {string} text ASCII
 * @returns {number} unsigned
 */
export function crc32(text) {
  let value = 0xffffffff;
  for (let at = 0; at < text.length; at += 1) {
    value = (value >>> 8) ^ TABLE[(value ^ text.charCodeAt(at)) & 0xff];
  }
  return (value ^ 0xffffffff) >>> 0;
}
