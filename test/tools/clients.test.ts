import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSchema as buildFrom, type GraphQLSchema, parse } from 'graphql';
import { mobile } from '../../bff-mobile/bff.ts';
import type { BffDefinition } from '../../src/bff.ts';
import { STANDARD_LIMITS } from '../../src/operations/limits/index.ts';
import { documentHash } from '../../src/operations/operation.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { usedTypes } from '../../tools/clients/used-types.ts';
import { findFaults } from '../../tools/clients/validate.ts';
import { createClientsCommand } from '../../tools/clients.ts';
import { runTool } from './run-tool.ts';

const DASHBOARD = `query Dashboard {
  dashboard {
    orders(first: 3) {
      id
      placedAt
    }
    unreadCount
  }
}`;
const ANNOUNCEMENTS = 'query Announcements { announcements { title } }';
const entryOf = (body: string) => ({ id: documentHash(body), name: 'Any', type: 'query', body });
const manifestOf = (...bodies: string[]) => ({
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: bodies.map(entryOf),
});

/** An empty folder of released clients, and the command that works on it. */
async function createHarness() {
  const path = await mkdtemp(join(tmpdir(), 'clients-tool-'));
  const folder = pathToFileURL(`${path}/clients/`);
  const file = join(path, 'manifest.json');
  const run = (args: string[], bff: BffDefinition = mobile) =>
    runTool(createClientsCommand({ folder, load: async () => bff, today: '2026-12-01' }), args);
  return {
    run,
    file,
    async add(client: string, manifest: object) {
      await writeFile(file, JSON.stringify(manifest));
      return run(['add', 'mobile', client, file]);
    },
    write: (client: string, manifest: object) =>
      writeFile(new URL(`mobile/${client}.json`, folder), JSON.stringify(manifest)),
    read: async (client: string) =>
      JSON.parse(await readFile(new URL(`mobile/${client}.json`, folder), 'utf8')),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

describe('npm run clients', () => {
  it('adds, lists and retires versions of a client', async () => {
    await using harness = await createHarness();
    assert.equal((await harness.run(['list'])).stdout, 'no released clients\n');
    await harness.add('ios@1.9', manifestOf(DASHBOARD));
    const added = await harness.add('ios@1.10', manifestOf(DASHBOARD, ANNOUNCEMENTS));
    assert.deepEqual(added, {
      code: 0,
      stdout: 'added mobile ios@1.10: 2 operations\n',
      stderr: '',
    });
    assert.equal(
      (await harness.run(['list', 'mobile'])).stdout,
      'mobile  ios@1.9   1 operation, 0 of it alone   since 2026-12-01\n' +
        'mobile  ios@1.10  2 operations, 1 of it alone  since 2026-12-01\n',
    );
    assert.equal((await harness.run(['retire', 'mobile', 'ios@1.9'])).code, 0);
    assert.match((await harness.run(['list'])).stdout, /^mobile {2}ios@1\.10 [^\n]*\n$/);
  });

  it('does not list operations that the BFF itself has as those of a version alone', async () => {
    await using harness = await createHarness();
    const kit = new URL('../../clients/mobile/persisted-operations.json', import.meta.url);
    const { operations } = JSON.parse(await readFile(kit, 'utf8'));
    const [{ body }] = operations;
    await harness.add('ios@1.0', { f00d: body, beef: ANNOUNCEMENTS });
    assert.match((await harness.run(['list'])).stdout, /ios@1\.0 {2}2 operations, 1 of it alone/);
  });

  it('keeps manifests of other generators in the format of Apollo, with their ids', async () => {
    await using harness = await createHarness();
    await harness.add('android@2.0', { f00d: ANNOUNCEMENTS });
    const { operations, format } = await harness.read('android@2.0');
    assert.equal(format, 'apollo-persisted-query-manifest');
    assert.deepEqual(operations, [
      { id: 'f00d', name: 'Announcements', type: 'query', body: ANNOUNCEMENTS },
    ]);
    await writeFile(harness.file, `\uFEFF${JSON.stringify({ f00d: ANNOUNCEMENTS })}`);
    const withMark = await harness.run(['add', 'mobile', 'android@2.1', harness.file]);
    assert.equal(withMark.code, 0, withMark.stderr);
  });

  it('adds nothing that is broken already', async () => {
    await using harness = await createHarness();
    const result = await harness.add('ios@1.0', manifestOf('{ dashboard { mood } }'));
    assert.equal(result.code, 1);
    assert.equal(
      result.stderr,
      `${harness.file}: Any: line 1: Cannot query field "mood" on type "Dashboard".\n`,
    );
    assert.equal((await harness.run(['list'])).stdout, 'no released clients\n');
  });

  it('adds nothing with which the BFF would not start: an id that is two operations', async () => {
    await using harness = await createHarness();
    await harness.add('ios@1.0', { f00d: ANNOUNCEMENTS });
    const conflict = await harness.add('ios@1.1', { f00d: DASHBOARD });
    assert.deepEqual(conflict, {
      code: 1,
      stdout: '',
      stderr: `${harness.file}: f00d: the id is another operation in ios@1.0.json\n`,
    });
    const twice = await harness.add('ios@1.1', manifestOf(DASHBOARD, DASHBOARD));
    assert.equal(twice.stderr, `${harness.file}: Any: another operation has the same id\n`);
    assert.equal((await harness.add('ios@1.1', { f00d: ANNOUNCEMENTS, beef: DASHBOARD })).code, 0);
  });

  it('check names versions in which an id is another operation', async () => {
    await using harness = await createHarness();
    await harness.add('ios@1.0', { f00d: ANNOUNCEMENTS });
    await harness.write('ios@1.1', { f00d: DASHBOARD });
    assert.equal(
      (await harness.run(['check'])).stderr,
      'clients/mobile/ios@1.1.json: f00d: the id is another operation in ios@1.0.json\n',
    );
  });

  it('never changes a version that is released', async () => {
    await using harness = await createHarness();
    await harness.add('ios@1.0', manifestOf(DASHBOARD));
    assert.equal((await harness.add('ios@1.0', manifestOf(DASHBOARD))).code, 0);
    const { code, stderr } = await harness.add('ios@1.0', manifestOf(ANNOUNCEMENTS));
    assert.equal(code, 2);
    assert.match(stderr, /a released version never changes/);
  });

  it('explains wrong arguments', async () => {
    await using harness = await createHarness();
    for (const [args, message] of [
      [[], /name a command/],
      [['add', 'desktop'], /"desktop" is none of mobile, /],
      [['add', 'mobile', 'ios'], /such as ios@3\.1/],
      [['add', 'mobile', '../ios@1.0', 'x'], /such as ios@3\.1/],
      [['add', 'mobile', 'ios@1.0.json', 'x'], /such as ios@3\.1: letters/],
      [['check', 'mobile'], /"mobile" is too much/],
      [['add', 'mobile', 'ios@1.0', '/nowhere'], /no readable file at "\/nowhere"/],
      [['retire', 'mobile', 'ios@9.9'], /there is no ios@9\.9 of mobile/],
    ] as const) {
      const { code, stderr } = await harness.run([...args]);
      assert.equal(code, 2, args.join(' '));
      assert.match(stderr, message);
    }
  });

  it('check names the version, the operation and the field whose type has changed since add', async () => {
    await using harness = await createHarness();
    await harness.add('ios@1.0', manifestOf(DASHBOARD));
    const manifest = await harness.read('ios@1.0');
    assert.equal(manifest.types['Order.placedAt'], 'DateTime!');
    const types = { ...manifest.types, 'Order.placedAt': 'Int!' };
    await harness.write('ios@1.0', { ...manifest, types });
    assert.equal(
      (await harness.run(['check'])).stderr,
      'clients/mobile/ios@1.0.json: Dashboard: line 5: Order.placedAt was Int! and is DateTime!\n',
    );
  });

  it('check names each version that a lowered limit breaks, and the operation', async () => {
    await using harness = await createHarness();
    await harness.add('ios@1.0', manifestOf(DASHBOARD));
    await harness.add('ios@1.1', manifestOf(ANNOUNCEMENTS));
    assert.deepEqual(await harness.run(['check']), { code: 0, stdout: '', stderr: '' });
    const lowered = { ...mobile, limits: { ...STANDARD_LIMITS, depth: 2 } };
    assert.deepEqual(await harness.run(['check'], lowered), {
      code: 1,
      stdout: '',
      stderr:
        'clients/mobile/ios@1.0.json: Dashboard: The depth of nested fields is 3: at most 2.\n',
    });
  });
});

describe('A client that was built for a schema', () => {
  const PLACE = `mutation Place($input: PlaceInput!) { place(input: $input) { id total status } }`;
  const FIND = 'query Find($status: [Status!]) { orders(status: $status) { placedAt } }';
  const built = `
    type Query { orders(status: [Status!]): [Order!] }
    type Mutation { place(input: PlaceInput!): Order }
    type Order { id: ID! status: Status! total: Int placedAt: String! note: String }
    input PlaceInput { sku: ID! count: Int = 1 gift: GiftInput }
    input GiftInput { text: String }
    enum Status { OPEN DONE }
  `;

  /** The faults of both operations after a change of the schema. */
  function faultsWith(...changes: readonly (readonly [from: string, to: string])[]): string[] {
    const changed = changes.reduce((sdl, [from, to]) => {
      assert.ok(sdl.includes(from));
      return sdl.replace(from, to);
    }, built);
    const operations = [PLACE, FIND];
    const documents = operations.map((operation) => parse(operation));
    const types = usedTypes(buildFrom(built), documents);
    const text = JSON.stringify({ ...manifestOf(...operations), types });
    return findFaults({ schema: buildFrom(changed), limits: STANDARD_LIMITS }, text);
  }

  it('breaks when a field that it requests has another type, or may be null', () => {
    assert.deepEqual(faultsWith(['placedAt: String!', 'placedAt: String']), [
      'Any: line 1: Order.placedAt was String! and is String',
    ]);
    assert.deepEqual(faultsWith(['total: Int', 'total: Float']), [
      'Any: line 1: Order.total was Int and is Float',
    ]);
    assert.deepEqual(faultsWith(['): [Order!]', '): [Order]']), [
      'Any: line 1: Query.orders was [Order!] and is [Order]',
    ]);
  });

  it('breaks when what it sends in a variable is no longer accepted', () => {
    for (const [from, to, fault] of [
      ['sku: ID!', 'sku: ID! shop: ID!', 'PlaceInput.shop is required'],
      ['count: Int = 1', 'count: Int!', 'PlaceInput.count was Int and is Int!'],
      ['text: String', 'text: Int', 'GiftInput.text was String and is Int'],
      ['gift: GiftInput', 'present: GiftInput', 'PlaceInput.gift is gone'],
      ['OPEN DONE', 'OPEN', 'Status.DONE is gone'],
    ] as const) {
      assert.deepEqual(faultsWith([from, to]), [`Any: line 1: ${fault}`]);
    }
  });

  it('does not break with what is stricter, new, or not used', () => {
    assert.deepEqual(
      faultsWith(
        ['total: Int', 'total: Int!'],
        ['note: String', 'note: Int'],
        ['count: Int = 1', 'count: Int color: String size: Int! = 1'],
        ['sku: ID!', 'sku: ID'],
        ['OPEN DONE', 'OPEN DONE LOST'],
      ),
      [],
    );
  });
});

describe('The operations of a released client', () => {
  const faultsOf = (manifest: object, schema: GraphQLSchema = buildSchema(mobile), limits = {}) =>
    findFaults({ schema, limits: { ...STANDARD_LIMITS, ...limits } }, JSON.stringify(manifest));

  it('break at each field and argument that is gone, by its line', () => {
    const schema = buildSchema(mobile);
    const order = schema.getType('Order') as unknown as { getFields(): Record<string, unknown> };
    delete order.getFields().placedAt;
    assert.deepEqual(faultsOf(manifestOf(DASHBOARD, ANNOUNCEMENTS), schema), [
      'Any: line 5: Cannot query field "placedAt" on type "Order".',
    ]);
  });

  it('break at limits of cost and lists, with the defaults of their variables', () => {
    const body = 'query Orders($first: Int! = 20) { dashboard { orders(first: $first) { id } } }';
    assert.deepEqual(faultsOf(manifestOf(body)), []);
    assert.match(
      faultsOf(manifestOf(body), undefined, { cost: 10 }).join(),
      /The cost is \d+: at most 10/,
    );
    assert.match(
      faultsOf(manifestOf(body), undefined, { listSize: 10 }).join(),
      /"orders" requests 20 objects: at most 10/,
    );
  });

  it('break if an id does not belong to its text, or introspection is requested', () => {
    const { operations } = manifestOf(DASHBOARD);
    const wrong = operations.map((entry) => ({ ...entry, body: ANNOUNCEMENTS }));
    assert.deepEqual(faultsOf({ ...manifestOf(), operations: wrong }), [
      'Any: the id is not the SHA-256 of the text',
    ]);
    assert.match(faultsOf(manifestOf('{ __schema { description } }')).join(), /introspection/);
    assert.match(faultsOf({ format: 'another' }).join(), /format: is missing or not valid/);
  });
});
