/**
 * The types that the modules share. Nothing of it runs: no module loads it.
 *
 * @typedef {Record<string, any>} Message one JSON object of the wire, as docs/protocol.md has it
 * @typedef {{type: string, pair?: string, symbol?: string, depth?: number, updates?: 'delta' | 'full'}} Channel
 * @typedef {'idle' | 'connecting' | 'authenticating' | 'ready' | 'waiting' | 'stale' | 'closed'} State
 * @typedef {string | (() => string | Promise<string>)} Token
 * @typedef {{orderId?: string, clientOrderId?: string}} OrderName
 * @typedef {string | OrderName} OrderReference an order's id, or either of its names
 * @typedef {{price: string, amount: string, total: string}} Level
 * @typedef {{now(): number, setTimeout(call: () => void, ms: number): any, clearTimeout(timer: any): void}} Clock
 * @typedef {{latencyMs: number | null, messagesReceived: number, messagesSent: number, reconnects: number, sequenceGaps: number, compressed: boolean}} Stats
 */

/**
 * @typedef {object} BookView
 * @property {string} pair
 * @property {Level[]} bids best first
 * @property {Level[]} asks best first
 * @property {number} sequence
 * @property {string | null} spread of the whole book
 * @property {boolean} checksumOk whether the last message's checksum is that of these levels
 * @property {boolean} stale whether it waits for a snapshot: it was right once, and may be no more
 */

/**
 * @typedef {object} Fill one fill of an own order, as `get_fills` has it
 * @property {string} tradeId
 * @property {string} orderId
 * @property {string} [clientOrderId]
 * @property {string} pair
 * @property {'buy' | 'sell'} side
 * @property {string} price
 * @property {string} amount
 * @property {'maker' | 'taker'} liquidity
 * @property {string} fee
 * @property {string} feeAsset
 * @property {number} timestamp
 * @property {number} userSequence
 */

/**
 * @typedef {object} Gap something is missing; the client mends what can be
 * @property {'orderbook' | 'orders' | 'trades'} channel
 * @property {string} [pair]
 * @property {'sequence' | 'checksum'} reason
 * @property {number} [received]
 */

/**
 * @typedef {object} ClientOptions
 * @property {string} url `ws://` or `wss://`
 * @property {Token} [token] a function is asked for a new one before the old one ends; without a token there are public channels only
 * @property {any} [WebSocket] where the platform has none: Node before 22 takes that of `ws`
 * @property {Message} [options] of `authenticate`, such as `cancel_on_disconnect`
 * @property {number} [requestTimeoutMs] until a request without an answer is repeated, or given up where it must not be
 * @property {number} [connectTimeoutMs]
 * @property {number} [heartbeatMs] between two pings
 * @property {number} [staleAfterMs] how long a connection may be silent; a heartbeat later it is dropped
 * @property {number} [backoffMinMs] the first wait is between nothing and this long
 * @property {number} [backoffMaxMs] no wait is longer
 * @property {Clock} [clock]
 * @property {() => number} [random] from 0 up to 1
 */

/**
 * @typedef {object} LinkOptions
 * @property {string} url
 * @property {any} WebSocket
 * @property {Clock} clock
 * @property {() => number} random
 * @property {number} connectTimeoutMs
 * @property {number} heartbeatMs
 * @property {number} staleAfterMs
 * @property {number} backoffMinMs
 * @property {number} backoffMaxMs
 *
 * @typedef {object} LinkEvents
 * @property {() => void} onOpen
 * @property {(text: string) => void} onText
 * @property {() => void} onLost
 * @property {(state: LinkState, more?: {retryInMs?: number, reason?: string}) => void} onState
 *
 * @typedef {'connecting' | 'waiting' | 'stale' | 'fresh' | 'closed'} LinkState
 */

/**
 * @typedef {object} Request what was asked
 * @property {string} id
 * @property {number} number its place among all requests
 * @property {string} type
 * @property {() => Message} build at the moment of sending
 * @property {boolean} canRepeat
 * @property {boolean} isUrgent it goes before the session is ready
 * @property {number} parts how many messages answer it
 * @property {any[]} answers by index, where it is answered in parts
 * @property {number} deadline
 * @property {boolean} isSent on the connection of now
 * @property {boolean} wasSent ever
 * @property {any} timer
 * @property {((message: Message) => void) | undefined} onAnswer before the messages behind it
 * @property {(value: any) => void} resolve
 * @property {(error: Error) => void} reject
 *
 * @typedef {object} RequestsRim
 * @property {Clock} clock
 * @property {number} timeoutMs
 * @property {(message: Message) => boolean} send
 * @property {() => boolean} isReady
 * @property {() => number} messagesPerSecond
 * @property {() => boolean} canAuthenticate whether a refusal for want of a token will be mended
 */

/** @typedef {{type: string, detail: any}} Said what listeners are told */

export {};
