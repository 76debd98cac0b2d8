import assert from 'node:assert/strict';
import { DEMO_PURGE_SECRET } from '../../services/support/demo-purge-secret.ts';
import { webhookHeaders } from '../../services/support/webhook.ts';
import type { AnyEnvironment } from './environment.ts';

/** Purges by hand, signed as it must be. */
export async function purge(
  { adminUrl }: Pick<AnyEnvironment, 'adminUrl'>,
  ...tags: string[]
): Promise<void> {
  const body = JSON.stringify({ tags });
  const headers = webhookHeaders({ body, secret: DEMO_PURGE_SECRET });
  const response = await fetch(`${adminUrl}/purge`, { method: 'POST', headers, body });
  assert.deepEqual(await response.json(), { purged: tags.length });
}
