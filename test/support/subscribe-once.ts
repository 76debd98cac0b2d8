import assert from 'node:assert/strict';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import type { ChangeEvent } from '../../services/support/event-publisher.ts';
import { webhookHeaders } from '../../services/support/webhook.ts';
import type { AnyEnvironment, Json } from './environment.ts';

const NEXT = /^event: next\ndata: (.*)$/m;

/** Sends an event of a service to a BFF, signed as it must be. @param id - the same for repetitions */
export async function sendEvent(
  { adminUrl }: Pick<AnyEnvironment, 'adminUrl'>,
  event: ChangeEvent,
  id?: string,
): Promise<void> {
  const body = JSON.stringify({ ...event, tags: ['orders:recent'] });
  const headers = webhookHeaders({ body, secret: DEMO_PURGE_SECRET, ...(id && { id }) });
  const response = await fetch(`${adminUrl}/purge`, { method: 'POST', headers, body });
  assert.equal(response.status, 200);
}

/**
 * Subscribes over server-sent events to an operation, by its text or hash, and sends the event once the subscription is open.
 * @returns the refusal of the subscription, or its first result
 */
export async function subscribeOnce(
  environment: Pick<AnyEnvironment, 'url' | 'adminUrl'>,
  operation: object,
  headers: Record<string, string>,
  event: ChangeEvent,
): Promise<Json> {
  const leaving = new AbortController();
  const response = await fetch(`${environment.url}/graphql/stream`, {
    method: 'POST',
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
    body: JSON.stringify(operation),
    signal: leaving.signal,
  });
  if (!response.ok || !response.body) return response.json();
  let text = '';
  try {
    for await (const chunk of response.body) {
      const isStart = text === '';
      text += Buffer.from(chunk).toString();
      const [, result] = NEXT.exec(text) ?? [];
      if (result) return JSON.parse(result);
      if (isStart) await sendEvent(environment, event);
    }
  } finally {
    leaving.abort();
  }
  throw new Error(`The subscription has ended without a result:\n${text}`);
}
