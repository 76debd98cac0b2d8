import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createEntry } from '../../src/cache/entry.ts';
import type { ExecutionResult } from '../../src/cache/index.ts';
import { BffError } from '../../src/errors.ts';
import { toOperation } from '../../src/operations/operation.ts';
import { createPipeline, type OperationRequest } from '../../src/pipeline/index.ts';
import type { PipelineParts } from '../../src/pipeline/pipeline.ts';
import { GRAPHQL } from '../../src/protocols/graphql-over-http/representation.ts';
import { PhaseTimings } from '../../src/telemetry/phase-timings.ts';
import { nameOf, RequestRecord } from '../../src/telemetry/request-record.ts';
import type { Viewer } from '../../src/viewer.ts';

/** With a list, so that the pipeline looks its operations up. */
const VIEWER: Viewer = {
  role: 'partner',
  partner: 'acme',
  scopes: [],
  operations: new Set(['', 'Named']),
};
const POLICY = { maxAge: 60, scope: 'public', tags: [] } as const;
const ENTRY = createEntry('{"data":{}}', { ...POLICY, version: 0, startedAt: 0 });

/** The phases in the order of docs/lifecycle.md. */
const PHASES = [
  'authenticate',
  'check rate limit',
  'admit',
  'resolve operation',
  'prepare',
  'authorize operation',
  'charge',
  'look up',
  'execute',
] as const;
type Phase = (typeof PHASES)[number];

interface HarnessOptions {
  /** The phases that return a promise. */
  readonly waiting?: readonly Phase[];
  /** The phase that ends the request. */
  readonly failing?: Phase;
  readonly isStored?: boolean;
  readonly result?: ExecutionResult;
}

/** Creates a pipeline whose parts record the phases that call them. */
function createHarness(options: HarnessOptions = {}) {
  const { waiting = [], failing, isStored = false } = options;
  const { result = { status: 200, data: {}, errorCodes: [] } } = options;
  const phases: Phase[] = [];
  const charges: number[] = [];

  function enter(phase: Phase): void {
    phases.push(phase);
    if (phase === failing) throw new BffError('FORBIDDEN', phase);
  }
  const later = <T>(phase: Phase, value: T) =>
    waiting.includes(phase) ? turn().then(() => value) : value;

  const parts: PipelineParts = {
    readViewer() {
      enter('authenticate');
      return later('authenticate', VIEWER);
    },
    recheckViewer: () => VIEWER,
    requestDeadlineMs: 60_000,
    rateLimiter: {
      refuseExhausted: () => enter('check rate limit'),
      chargeViewer() {},
      take(_keys, cost) {
        enter('charge');
        charges.push(cost);
        return later('charge', {});
      },
    },
    admission: {
      turn() {
        enter('admit');
        return waiting.includes('admit') ? turn() : undefined;
      },
    },
    operations: {
      isTrusted: () => true,
      hashOf: () => undefined,
      isTrustedHash() {
        enter('authorize operation');
        return true;
      },
      find({ query = '' }) {
        enter('resolve operation');
        return toOperation(query);
      },
      isNewPersisted: () => false,
      persist() {},
    },
    planner(operation) {
      enter('prepare');
      const [definition] = operation.document.definitions;
      assert.ok(definition?.kind === 'OperationDefinition');
      const plan = { definition, cache: POLICY, fields: [] };
      return { operation, ...plan, canonical: '{}', variables: {}, cost: 7 };
    },
    cache: {
      isCacheable: () => true,
      getFresh() {
        enter('look up');
        return isStored ? ENTRY : undefined;
      },
      getOrExecute: async (_lookup, _deadline, execute) => ({
        executed: await execute(undefined as never, false),
      }),
      executeAndStore: async (_lookup, execute) => ({
        executed: await execute(undefined as never, false),
      }),
    },
    keyPrefix: ['test'],
    executor: {
      async execute() {
        enter('execute');
        return result;
      },
    },
    subscriber: {
      open: async () => result,
      execute: async () => result,
    },
    subscriptionObserver: { begin() {}, deliver() {}, end() {} },
    createContext: () => ({}) as never,
    limits: { cost: 10 } as never,
  };
  return { pipeline: createPipeline(parts), phases, charges };
}

const REQUEST: Omit<OperationRequest, 'record'> = {
  id: 'r1',
  address: '192.0.2.1',
  headers: {},
  readProof: () => assert.fail('no token is bound to a key'),
  input: { query: '{ a }', id: undefined, operationName: undefined, variables: {} },
  representation: GRAPHQL,
  allowsMutations: true,
  cacheDirective: undefined,
  reportsCost: false,
  setCookie() {},
  onDisconnect() {},
};
const createRequest = (): OperationRequest => ({ ...REQUEST, record: new RequestRecord() });
const MUTATION = { ...REQUEST, input: { ...REQUEST.input, query: 'mutation { a }' } };

describe('The pipeline', () => {
  it('runs its phases in order, whether or not they wait', async () => {
    for (const waiting of [[], ['authenticate'], ['admit', 'charge'], PHASES] as const) {
      const { pipeline, phases } = createHarness({ waiting });
      await pipeline.run(createRequest());
      assert.deepEqual(phases, PHASES);
    }
  });

  it('returns a stored response without a promise, and does not execute', () => {
    const { pipeline, phases } = createHarness({ isStored: true });
    const response = pipeline.run(createRequest());
    assert.ok(!(response instanceof Promise));
    assert.ok(response.kind === 'shared' && response.entry === ENTRY);
    assert.equal(response.cacheStatus, 'hit');
    assert.deepEqual(phases, PHASES.slice(0, -1));
  });

  for (const [index, failing] of PHASES.entries()) {
    it(`runs no phase after "${failing}" has ended the request`, async () => {
      for (const waiting of [[], PHASES]) {
        const { pipeline, phases } = createHarness({ failing, waiting });
        await assert.rejects(async () => pipeline.run(createRequest()), { code: 'FORBIDDEN' });
        assert.deepEqual(phases, PHASES.slice(0, index + 1));
      }
    });
  }

  it('returns data, errors and their codes as values', async () => {
    const result = { status: 200, data: { a: null }, errorCodes: ['UPSTREAM_TIMEOUT'] };
    const response = await createHarness({ result }).pipeline.run(createRequest());
    assert.ok(response.kind === 'executed');
    assert.deepEqual(response.result, result);
    assert.deepEqual(response.errorCodes, ['UPSTREAM_TIMEOUT']);
  });

  it('adds the cost to the response if the request asks for it, and executes for that', async () => {
    const { pipeline } = createHarness({ isStored: true });
    const response = await pipeline.run({ ...createRequest(), reportsCost: true });
    assert.ok(response.kind === 'executed');
    assert.deepEqual(response.result.extensions, { cost: { requested: 7, limit: 10 } });
  });

  it('refuses a mutation, before it is charged, in a request that must not change anything', () => {
    const { pipeline, phases } = createHarness();
    assert.throws(() => pipeline.run({ ...createRequest(), ...MUTATION, allowsMutations: false }), {
      status: 405,
    });
    assert.equal(phases.at(-1), 'prepare');
  });

  it('charges the operations of a batch together, within the cost limit of one operation', async () => {
    const { pipeline, charges } = createHarness();
    const response = await pipeline.runBatch([createRequest()]);
    assert.equal(response.results.length, 1);
    assert.deepEqual(charges, [7]);
    await assert.rejects(async () => pipeline.runBatch([createRequest(), createRequest()]), {
      code: 'QUERY_TOO_COMPLEX',
    });
    assert.deepEqual(charges, [7]);
  });

  it('adds the operation, its viewer and its outcome to the record of a request', async () => {
    const result = { status: 200, data: null, errorCodes: ['NOT_FOUND', 'NOT_FOUND'] };
    const record = new RequestRecord();
    await createHarness({ result }).pipeline.run({
      ...REQUEST,
      input: { ...REQUEST.input, query: 'query Named { a }' },
      record,
    });
    assert.deepEqual(record.operations.map(nameOf), ['Named']);
    assert.equal(record.cost(), 7);
    assert.equal(record.viewer, 'partner');
    assert.equal(record.cacheStatus, 'uri-miss');
    assert.deepEqual(record.errorCodes, ['NOT_FOUND', 'NOT_FOUND']);
    assert.equal(record.failedParts, 2);
  });

  it('measures the phases of a request with timings, whether or not they wait', async () => {
    for (const waiting of [[], PHASES]) {
      const record = new RequestRecord();
      record.timings = new PhaseTimings(undefined);
      await createHarness({ waiting }).pipeline.run({ ...REQUEST, record });
      const names = record.timings.phases.map(({ name }) => name.replaceAll('-', ' '));
      assert.deepEqual(names, PHASES);
    }
  });
});
