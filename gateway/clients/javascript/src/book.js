import { crc32 } from './crc32.js';
import { decimal } from './decimal.js';

/** @import { BookView, Level, Message } from './types.js' */

/** How many levels a side the checksum covers. */
const CHECKED = 10;

/**
 * Prices of one pair have one scale, so the longer text is the larger number; others are compared
 * as decimals.
 * @param {string} left
 * @param {string} right
 */
function comparePrices(left, right) {
  if (left === right) return 0;
  const point = left.indexOf('.');
  if (left.length - point !== right.length - right.indexOf('.') || point < 0) {
    return decimal.compare(left, right);
  }
  if (left.length !== right.length) return left.length < right.length ? -1 : 1;
  return left < right ? -1 : 1;
}

/**
 * @param {Level[]} levels best first; changed in place
 * @param {Level[]} changes
 * @param {1 | -1} order 1 where the lowest price is best
 */
function change(levels, changes, order) {
  for (const level of changes) {
    let [low, high] = [0, levels.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comparePrices(levels[middle].price, level.price) * order < 0) low = middle + 1;
      else high = middle;
    }
    const isThere = low < levels.length && comparePrices(levels[low].price, level.price) === 0;
    if (/^[0.]+$/.test(level.amount)) {
      if (isThere) levels.splice(low, 1);
    } else levels.splice(low, isThere ? 1 : 0, level);
  }
  return levels;
}

/**
 * @param {Level[]} bids
 * @param {Level[]} asks
 */
export function checksum(bids, asks) {
  const levels = [...bids.slice(0, CHECKED), ...asks.slice(0, CHECKED)];
  return crc32(levels.map((level) => `${level.price}:${level.amount}`).join(':'));
}

/** One pair's book from its snapshot and deltas; every message's link and checksum are checked. */
export class OrderBook {
  /** @param {string} pair */
  constructor(pair) {
    /** What it shows now. Another object after each message. @type {BookView} */
    this.view = {
      pair,
      bids: [],
      asks: [],
      sequence: 0,
      spread: null,
      checksumOk: false,
      stale: true,
    };
  }

  /** From here on only a snapshot counts. */
  lose() {
    if (!this.view.stale) this.view = { ...this.view, stale: true };
  }

  /**
   * @param {Message} data of `orderbook_update`
   * @returns {'applied' | 'ignored' | 'sequence' | 'checksum'} the last two: something is missing
   */
  apply(data) {
    const { view } = this;
    const isDelta = data.kind === 'delta';
    if (isDelta || data.kind === 'full') {
      if (view.stale) return 'ignored';
      if (data.previousSequence !== view.sequence) {
        this.lose();
        return 'sequence';
      }
    }
    const bids = isDelta ? change(view.bids.slice(), data.bids, -1) : data.bids;
    const asks = isDelta ? change(view.asks.slice(), data.asks, 1) : data.asks;
    const checksumOk = data.checksum === undefined || data.checksum === checksum(bids, asks);
    const { sequence, spread } = data;
    this.view = { pair: view.pair, bids, asks, sequence, spread, checksumOk, stale: !checksumOk };
    return checksumOk ? 'applied' : 'checksum';
  }
}
