import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import { BffError } from '../errors.ts';

// Stricter than the library. A dot separates the signed parts: an id with a dot could be read as a
// shorter id and part of the timestamp. The library signs the timestamp as a number, so that other
// spellings of it would share a signature.
const ID = /^[\x21-\x2d\x2f-\x7e]{1,128}$/;
const TIMESTAMP = /^[1-9]\d{0,11}$/;

/**
 * Creates a verifier of signed messages (Standard Webhooks 1.0: HMAC-SHA256 over id, timestamp and
 * body). A timestamp may be five minutes off. The caller must refuse repetitions of an id.
 * @param secret - shared with the senders: base64 after `whsec_`, otherwise plain text, whose UTF-8
 *   bytes are the key
 * @see https://www.standardwebhooks.com
 */
export function createWebhookVerifier(secret: string) {
  const webhook = secret.startsWith('whsec_')
    ? new Webhook(secret)
    : new Webhook(Buffer.from(secret), { format: 'raw' });

  /**
   * @param body - the unparsed bytes
   * @returns the message's id, which repetitions of the message share
   * @throws BffError UNAUTHENTICATED
   */
  return (headers: IncomingHttpHeaders, body: Buffer): string => {
    const {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    } = headers;
    if (typeof id !== 'string' || !ID.test(id))
      throw invalid('The webhook-id is missing or malformed');
    if (typeof timestamp !== 'string' || !TIMESTAMP.test(timestamp)) {
      throw invalid('The webhook-timestamp is missing or malformed');
    }
    if (typeof signature !== 'string' || signature === '') {
      throw invalid('The webhook-signature is missing');
    }
    // The library signs text: bytes that are not UTF-8 would all be signed as U+FFFD.
    if (!isUtf8(body)) throw invalid('The body is not UTF-8');
    const signed = {
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': signature,
    };
    try {
      webhook.verify(body, signed, { jsonParse: false });
    } catch (error) {
      if (error instanceof WebhookVerificationError) throw invalid(error.message);
      throw error;
    }
    return id;
  };
}

const invalid = (reason: string) =>
  new BffError('UNAUTHENTICATED', `The webhook is not valid. ${reason}.`);
