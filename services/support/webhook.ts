import { createHmac, randomUUID } from 'node:crypto';

type Message = {
  body: string;
  /** The key is its UTF-8 bytes. */
  secret: string;
  /** The same on every repetition. */
  id?: string;
  /** Seconds since the epoch. */
  timestamp?: number;
};

/** The headers of a message that is signed: https://www.standardwebhooks.com */
export function webhookHeaders({
  body,
  secret,
  id = randomUUID(),
  timestamp = Math.floor(Date.now() / 1_000),
}: Message) {
  const signature = createHmac('sha256', secret).update(`${id}.${timestamp}.${body}`);
  return {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': `v1,${signature.digest('base64')}`,
  };
}
