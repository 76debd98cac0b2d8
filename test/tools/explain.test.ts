import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { mobile } from '../../bff-mobile/bff.ts';
import { explainCommand } from '../../tools/explain.ts';
import { type Environment, startEnvironment } from '../support/environment.ts';
import { runTool } from './run-tool.ts';

describe('npm run explain', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(mobile, {
      NODE_ENV: 'development',
      CACHE_MEMORY_MB: '16',
    });
  });
  after(() => environment[Symbol.asyncDispose]());

  const explain = (...args: string[]) =>
    runTool(explainCommand, [...args, '--at', environment.url]);

  it('prints a line for each phase and each call, and none of a call for a stored response', async () => {
    const args = ['mobile', 'Dashboard', '--user', '42'];
    const { code, stdout } = await explain(...args);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^Dashboard: [\d.]+ ms, viewer customer, cost \d+ of \d+\ncache: stored, /,
    );
    assert.match(stdout, /^execute +█+ +[\d.]+ ms$/m);
    const call =
      /^ {2}order ordersByUsers +░*█+ +[\d.]+ ms {2}ok, 1 key, shared with 0, instance 1, circuit closed$/m;
    assert.match(stdout, call);

    const stored = await explain(...args);
    assert.match(stored.stdout, /^cache: hit, \d+ s old, /m);
    assert.doesNotMatch(stored.stdout, /ordersByUsers/);
    assert.match((await explain(...args, '--fresh')).stdout, call);
  });

  it('prints a phase that begins when the response is complete', async () => {
    const phases = [
      { name: 'receive', startMs: 0, durationMs: 1.99 },
      { name: 'look-up', startMs: 1.99, durationMs: 0 },
    ];
    const cache = { status: 'hit', ageSeconds: 0, scope: 'user', maxAge: 30, tags: [] };
    const explain = {
      operation: { type: 'query', hash: '' },
      viewer: 'customer',
      durationMs: 2,
      phases,
      calls: [],
      cache,
      refusals: [],
      cost: { requested: 1, limit: 10 },
    };
    const server = createServer((request, response) => {
      request.resume();
      response.end(JSON.stringify({ data: {}, extensions: { explain } }));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const at = `http://127.0.0.1:${port}`;
    const { stdout, stderr } = await runTool(explainCommand, ['mobile', 'Dashboard', '--at', at]);
    server.close();
    assert.equal(stderr, '');
    assert.match(stdout, /^look-up {76}█ +0\.00 ms$/m);
  });

  it('prints the rule of a refused field', async () => {
    const variables = JSON.stringify({ id: '1' });
    const { stdout } = await explain('mobile', 'CancelOrder', '--variables', variables);
    assert.match(
      stdout,
      /^refused: cancelOrder \(Mutation\.cancelOrder\): UNAUTHENTICATED\..* Allowed: .*orders:write$/m,
    );
  });

  for (const [args, message] of [
    [['nothing'], /name a BFF: .*mobile/],
    [['mobile', '../bff'], /name an operation of bff-mobile\/operations/],
    [['mobile', 'Dashboard', '--variables', '{'], /--variables must be JSON/],
    [['mobile', 'Dashboard', '--user', '..'], /--user must be a user id/],
    [['mobile', 'Dashboard', '--role', 'admin', '--user', '42'], /--role must be/],
  ] as const) {
    it(`says what is wrong with ${args.join(' ')}`, async () => {
      const { code, stderr } = await explain(...args);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  it('says that nothing answers, and why there is no explanation', async () => {
    const closed = await runTool(explainCommand, [
      'mobile',
      'Dashboard',
      '--at',
      'http://127.0.0.1:1',
    ]);
    assert.match(closed.stderr, /nothing answers at http:\/\/127\.0\.0\.1:1: start the demo/);
    await using other = await startEnvironment(mobile);
    const refused = await runTool(explainCommand, ['mobile', 'Dashboard', '--at', other.url]);
    assert.match(refused.stderr, /200: this viewer gets no explanation here/);
  });
});
