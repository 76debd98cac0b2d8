import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

type Message = {
  body: string;
  /** Base64 after `whsec_`, otherwise plain text, whose UTF-8 bytes are the key. */
  secret: string;
  /** The same for every repetition. */
  id?: string;
  /** Seconds since the epoch. */
  timestamp?: number;
};

/** Signs a message and returns its headers: https://www.standardwebhooks.com */
export function webhookHeaders({
  body,
  secret,
  id = randomUUID(),
  timestamp = Math.floor(Date.now() / 1_000),
}: Message) {
  const webhook = secret.startsWith('whsec_')
    ? new Webhook(secret)
    : new Webhook(Buffer.from(secret), { format: 'raw' });
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': webhook.sign(id, new Date(timestamp * 1_000), body),
  };
}
