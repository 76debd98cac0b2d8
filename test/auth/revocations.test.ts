import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createRevocations } from '../../src/auth/login/revocations.ts';
import type { Session } from '../../src/auth/login/session.ts';

const USER = { issuer: 'https://provider.example', subject: 'a-user' };
const MINUTE_MS = 60_000;

describe('A logout at the provider', () => {
  it('stays known to the process that received it if Redis only has an earlier one', async () => {
    const earlier = Date.now() - MINUTE_MS;
    const client = {
      get: async () => String(earlier),
      set: () => Promise.reject(new Error('unavailable')),
    };
    const revocations = createRevocations({
      redis: { run: (work) => work(client as never) },
      maxAgeMs: MINUTE_MS,
      prefix: 'test:',
    });
    const session = { ...USER, id: 'a-session', createdAt: earlier + 1 } as Session;
    await revocations.load(session);
    assert.ok(!revocations.isRevoked(session));
    await assert.rejects(revocations.revokeAtProvider(USER), { code: 'UPSTREAM_UNAVAILABLE' });
    await revocations.load(session);
    assert.ok(revocations.isRevoked(session));
  });
});
