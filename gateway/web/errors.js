// Refusals in words: the exchange's own, and those of the client.

const OWN = {
  NOT_SENT: 'Nothing was sent: there is no connection.',
  OUTCOME_UNKNOWN: 'The answer was lost. Look at your orders before you try again.',
};

export function inWords(error) {
  const { reason, message, details } = error;
  if (OWN[reason]) return OWN[reason];
  if (reason === 'INSUFFICIENT_AVAILABLE' && error.params?.available) {
    const { asset, available, required } = error.params;
    return required ? `Needs ${required} ${asset}, ${available} available.` : `Not enough ${asset}: ${available} available.`;
  }
  const rest = details && details !== message ? ` (${details.replace(/^orderData\./, '')})` : '';
  return `${message ?? reason ?? 'Something went wrong'}${rest}.`;
}
