export { NexVestXRClient } from './client.js';
export { NexVestXRError } from './error.js';
export { OrderBook, checksum } from './book.js';
export { MessageStream } from './stream.js';
export { crc32 } from './crc32.js';
export { decimal } from './decimal.js';
