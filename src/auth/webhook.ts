import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { BffError } from '../errors.ts';

/** How far the sender's clock, and the message's way here, may be off. */
const TOLERANCE_S = 5 * 60;
// Printable ASCII without a dot, which separates the signed parts: a part could be moved into another.
const ID = /^[\x21-\x2d\x2f-\x7e]{1,128}$/;
const SECONDS = /^\d{1,12}$/;

/**
 * Checks who sent a message, and when: Standard Webhooks 1.0, HMAC-SHA256 over id, time and body.
 * @param secret - shared with the senders; its UTF-8 bytes are the key
 * @see https://www.standardwebhooks.com
 */
export function createWebhookVerifier(secret: string) {
  /**
   * @param body - the bytes as they came
   * @returns the message's id, which repetitions of it have as well
   * @throws BffError UNAUTHENTICATED
   */
  return (headers: IncomingHttpHeaders, body: Buffer): string => {
    const {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signatures,
    } = headers;
    if (typeof id !== 'string' || !ID.test(id)) throw invalid('webhook-id is missing or malformed');
    if (typeof timestamp !== 'string' || !SECONDS.test(timestamp)) {
      throw invalid('webhook-timestamp is missing or malformed');
    }
    if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > TOLERANCE_S) {
      throw invalid('webhook-timestamp is too far from now');
    }
    const expected = createHmac('sha256', secret)
      .update(`${id}.${timestamp}.`)
      .update(body)
      .digest();
    // Several, separated by spaces, while the secret is exchanged for another.
    const isSigned = String(signatures)
      .split(' ')
      .some((signature) => isEqual(signature, expected));
    if (!isSigned) throw invalid('webhook-signature does not fit');
    return id;
  };
}

function isEqual(signature: string, expected: Buffer): boolean {
  const [version, text = ''] = signature.split(',');
  const given = Buffer.from(text, 'base64');
  return version === 'v1' && given.length === expected.length && timingSafeEqual(given, expected);
}

const invalid = (what: string) =>
  new BffError('UNAUTHENTICATED', `The message is not signed as it must be: ${what}.`);
