// Waiting for what a test is about, and not for a time.

/** The first event whose detail is as wanted. */
export function event(client, type, isWanted = () => true, timeoutMs = 20_000) {
  return new Promise((resolve, reject) => {
    const listener = ({ detail }) => {
      if (!isWanted(detail)) return;
      clearTimeout(timer);
      client.removeEventListener(type, listener);
      resolve(detail);
    };
    const timer = setTimeout(() => {
      client.removeEventListener(type, listener);
      reject(new Error(`no ${type} in ${timeoutMs} ms`));
    }, timeoutMs);
    client.addEventListener(type, listener);
  });
}

/** Until a condition holds that only events of these types can bring about. */
export async function until(client, types, holds, timeoutMs = 20_000) {
  if (holds()) return;
  await new Promise((resolve, reject) => {
    const end = (settle) => {
      clearTimeout(timer);
      for (const type of types) client.removeEventListener(type, listener);
      settle();
    };
    const listener = () => holds() && end(resolve);
    const timer = setTimeout(() => end(() => reject(new Error(`not in ${timeoutMs} ms: ${holds}`))), timeoutMs);
    for (const type of types) client.addEventListener(type, listener);
  });
}

export const state = (client, wanted) => until(client, ['state'], () => client.state === wanted);

/** Numbers from a seed: xorshift32. */
export function random(seed) {
  let at = (seed * 2654435761) >>> 0 || 1;
  const next = () => {
    at ^= at << 13;
    at ^= at >>> 17;
    at ^= at << 5;
    return (at >>>= 0) / 2 ** 32;
  };
  return { next, below: (count) => Math.floor(next() * count), pick: (list) => list[Math.floor(next() * list.length)] };
}
