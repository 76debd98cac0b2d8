import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Environment, fetchQuery, Network, RecordSource, Store } from 'relay-runtime';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { ROOT } from '../../tools/tree.ts';
import { shareCached } from '../cache/shared-environment.ts';
import { createToken, type Json } from '../support/environment.ts';
import { compileRelayTags, RELAY_EXAMPLE, RELAY_MANIFEST } from './relay-tags.ts';

compileRelayTags();
const { createEnvironment } = await import('./examples/relay/orders.ts');
const { SAME_IDS, ORDER } = await import('./examples/relay/identity.ts');

const COMPILER = new URL('tools/relay/node_modules/relay-compiler/cli.js', ROOT);
const skip =
  !existsSync(COMPILER) &&
  process.env.CI !== 'true' &&
  'relay-compiler is not installed: npm ci --prefix tools/relay';

describe('Relay with the web BFF', () => {
  const environment = shareCached(web, { OPERATIONS_MANIFEST: fileURLToPath(RELAY_MANIFEST) });

  const connect = async () =>
    createEnvironment(environment.endpoint, await createToken(CAST.customer));

  /** The stored records by type, with the values of their fields. */
  function recordsOf(relay: Environment): Record<string, Json[]> {
    const records: Json[] = Object.values(relay.getStore().getSource().toJSON());
    return Object.groupBy(records, ({ __typename }) => __typename) as Record<string, Json[]>;
  }

  it('keeps objects of different types with the same id apart', async () => {
    const relay = await connect();
    await fetchQuery(relay, SAME_IDS, { id: CAST.customer }).toPromise();
    const { Viewer = [], User = [], Profile = [], Announcement = [] } = recordsOf(relay);
    const same = [...Viewer, ...User, ...Profile].map(({ __typename, id }) => [__typename, id]);
    assert.deepEqual(same, [
      ['Viewer', CAST.customer],
      ['User', CAST.customer],
      ['Profile', CAST.customer],
    ]);
    assert.ok(Announcement.length > 0);
  });

  it('would make one record of them by `id`', async () => {
    const relay = await connect();
    const byId = new Environment({
      network: Network.create((request, variables, config) =>
        relay.getNetwork().execute(request, variables, config),
      ),
      store: new Store(new RecordSource()),
    });
    const error = console.error;
    console.error = () => {};
    await fetchQuery(byId, SAME_IDS, { id: CAST.customer }).toPromise();
    console.error = error;
    const { Viewer = [], User = [], Profile = [] } = recordsOf(byId);
    assert.equal([...Viewer, ...User, ...Profile].length, 1);
  });

  it('loads a fragment of an object again by its nodeId', async () => {
    const relay = await connect();
    const { orders } = await environment.read('order', `/orders?user=${CAST.customer}&limit=1`);
    const nodeId = `Order:${orders[0].id}`;
    const { metadata } = ORDER as unknown as Json;
    const { operation, identifierInfo } = metadata.refetch;
    assert.equal(identifierInfo.identifierField, 'nodeId');
    const variables = { [identifierInfo.identifierQueryVariableName]: nodeId };
    await fetchQuery(relay, operation, variables).toPromise();
    const [order] = recordsOf(relay).Order ?? [];
    assert.deepEqual([order.nodeId, order.status], [nodeId, orders[0].status.toUpperCase()]);
  });

  it('has artifacts that are up to date', { skip }, async () => {
    const cwd = fileURLToPath(RELAY_EXAMPLE);
    const args = [fileURLToPath(COMPILER), 'relay.config.json', '--validate'];
    await promisify(execFile)(process.execPath, args, { cwd });
  });
});
