import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadConfig } from '../../src/config/index.ts';
import { openRedis } from '../../src/server/open-redis.ts';
import { library } from '../support/fixture/bff.ts';
import { LOGIN } from '../support/session.ts';

describe('The warning about an unavailable Redis', () => {
  for (const [what, env, refused] of [
    ['says with login what is refused', LOGIN, 'sessions, logins and logouts'],
    ['names nothing that is refused without login', {}, undefined],
  ] as const) {
    it(what, async () => {
      const logged: { refused?: string }[] = [];
      const log = { warn: (fields: { refused?: string }) => logged.push(fields) } as never;
      const config = loadConfig({ ...env, REDIS_URL: 'redis://127.0.0.1:9' }, library);
      const redis = await openRedis(config, log);
      redis?.close();
      assert.deepEqual(
        logged.map((fields) => fields.refused),
        [refused],
      );
    });
  }
});
