/** @import { NexVestXRClient } from './client.js' */
/** @import { Message } from './types.js' */

/** When the next frame is drawn, or as long as one takes where nothing is. @param {() => void} call */
function onFrame(call) {
  if (typeof requestAnimationFrame === 'function') requestAnimationFrame(call);
  else setTimeout(call, 16);
}

/**
 * The newest `data` of every message type, for a page: however many messages come, `tell` is
 * called once a frame. Of what has no `data` it is the `result` or the `error`.
 * @param {NexVestXRClient} client
 * @param {(newest: Message) => void} tell gets another object each time
 * @returns {() => void} ends it
 */
export function newest(client, tell) {
  /** @type {Message} */
  let all = {};
  let isDue = false;
  let isEnded = false;
  const due = () => {
    if (isDue) return;
    isDue = true;
    onFrame(() => {
      isDue = false;
      if (!isEnded) tell({ ...all });
    });
  };
  /** @param {Event} event */
  const onMessage = (event) => {
    const { type, data, result, error } = /** @type {CustomEvent<Message>} */ (event).detail;
    all[type] = data ?? result ?? error;
    due();
  };
  client.addEventListener('message', onMessage);
  return () => {
    isEnded = true;
    client.removeEventListener('message', onMessage);
  };
}
