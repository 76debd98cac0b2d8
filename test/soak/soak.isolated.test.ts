import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { toModuleUrl } from '../support/bff-process.ts';
import { runCheckedConnections } from './checked-connections.ts';
import { compare } from './checked-user.ts';
import type { Figures } from './figures.ts';
import { findGrowth } from './growth.ts';
import { runMixedLoad } from './mixed-load.ts';
import { readSettings } from './settings.ts';
import { type SoakServices, startSoakServices } from './soak-environment.ts';
import { runTimeoutsInARow, runTimeoutsThroughBff } from './timeouts.ts';

// The short form of `npm run soak`: 15 seconds instead of seven minutes. Rounds so short prove little
// about memory, which the caches and the compiler still fill; what a process holds open is exact.

const SETTINGS = {
  ...readSettings({
    SOAK_ROUNDS: '3',
    SOAK_LOAD_SECONDS: '0.15',
    SOAK_CALM_SECONDS: '0.1',
    SOAK_TIMEOUTS: '30',
    SOAK_CONNECTIONS: '40',
    SOAK_CONNECTIONS_SECONDS: '1',
    SOAK_PAUSE_MS: '125',
  }),
  fillsStores: false,
};

/** Keeps something of every request, and a timer that never fires. */
const LEAK = toModuleUrl(`
import { Server } from 'node:http';
const leaked = new Map();
const { emit } = Server.prototype;
Server.prototype.emit = function (event, ...args) {
  if (event === 'request') {
    leaked.set(leaked.size, new Array(4_096).fill(leaked.size));
    setTimeout(() => {}, 1e9);
  }
  return emit.call(this, event, ...args);
};`);

/** Sends one user's dashboards as those of another. */
const FOREIGN_DATA = toModuleUrl(`
import { ServerResponse } from 'node:http';
const { end } = ServerResponse.prototype;
ServerResponse.prototype.end = function (body, ...args) {
  const changed = body && String(body).replace(
    '{"dashboard":{"user":{"id":"103"',
    '{"dashboard":{"user":{"id":"104"',
  );
  return end.call(this, changed, ...args);
};`);

const isOfMemory = (fault: string): boolean => /^(RSS|heap|external|array|event)/.test(fault);

const FIGURES: Figures = {
  rss: 1e8,
  heapUsed: 5e7,
  external: 1e7,
  arrayBuffers: 1e6,
  handles: { Timeout: 3 },
  loopP99Ms: 5,
  loopMaxMs: 20,
  descriptors: 30,
  sockets: { ESTABLISHED: 10 },
};

const growthOf = (...changes: Partial<Figures>[]): string[] =>
  findGrowth(changes.map((change) => ({ ...FIGURES, ...change }))).map(({ name }) => name);

describe('findGrowth', () => {
  it('names a figure that grows in every round', () => {
    const heaps = [5e7, 5.2e7, 5.4e7].map((heapUsed) => ({ heapUsed }));
    assert.deepEqual(growthOf(...heaps), ['heap']);
  });

  it('names the kind of handles and the state of sockets', () => {
    const rounds = [10, 20, 30].map((count) => ({
      handles: { Timeout: 3, TCPSocketWrap: count },
      sockets: { ESTABLISHED: 10, CLOSE_WAIT: count },
    }));
    const names = ['handles', 'handles TCPSocketWrap', 'sockets CLOSE_WAIT'];
    assert.deepEqual(growthOf(...rounds), names);
  });

  it('counts a kind that is missing in the first round as 0', () => {
    const rounds = [{}, { PipeWrap: 10 }, { PipeWrap: 20 }].map((handles) => ({ handles }));
    assert.deepEqual(growthOf(...rounds), ['handles', 'handles PipeWrap']);
  });

  it('ignores a figure that stays or falls once, and growth within the noise', () => {
    const heaps = [5e7, 6e7, 5.9e7, 7e7].map((heapUsed) => ({ heapUsed }));
    assert.deepEqual(growthOf(...heaps), []);
    const noise = [10, 15, 20].map((ESTABLISHED) => ({ sockets: { ESTABLISHED } }));
    assert.deepEqual(growthOf(...noise), []);
  });
});

describe('compare', () => {
  it('accepts only status 200 and the very text', () => {
    assert.equal(compare({ status: 200, text: '{"a":1}' }, '{"a":1}'), undefined);
    assert.equal(compare({ status: 200, text: '{"a":2}' }, '{"a":1}')?.kind, 'wrong');
    assert.equal(compare({ status: 200, text: '{"errors":[]}' }, '{"a":1}')?.kind, 'failed');
    assert.equal(compare({ status: 500, text: '{"a":1}' }, '{"a":1}')?.kind, 'failed');
    assert.equal(compare({ status: 503, text: '["OVERLOADED"]' }, '{"a":1}')?.kind, 'refused');
  });
});

describe('readSettings', () => {
  it('names a variable that is no number', () => {
    assert.throws(() => readSettings({ SOAK_ROUNDS: 'many' }), /SOAK_ROUNDS: must be a number/);
  });
});

describe('Soak', () => {
  let services: SoakServices;
  before(async () => {
    services = await startSoakServices();
  });
  after(() => services[Symbol.asyncDispose]());

  describe('BFF under mixed load', () => {
    it('holds nothing open that grows in every round', async (t) => {
      const faults = await runMixedLoad(SETTINGS, (line) => t.diagnostic(line), { services });
      assert.deepEqual(
        faults.filter((fault) => !isOfMemory(fault)),
        [],
      );
    });

    it('is found out if it leaks memory and timers', async (t) => {
      const settings = { ...SETTINGS, rounds: 2 };
      const print = (line: string) => t.diagnostic(line);
      const faults = await runMixedLoad(settings, print, {
        preloads: [LEAK],
        services,
      });
      const text = faults.join('\n');
      assert.match(text, /^heap grew in every round: .*MiB/m);
      assert.match(text, /^handles Timeout grew in every round/m);
    });
  });

  describe('Upstream timeouts', () => {
    it('leave nothing open in the BFF', async (t) => {
      const faults = await runTimeoutsThroughBff(SETTINGS, (line) => t.diagnostic(line), {
        services,
      });
      assert.deepEqual(
        faults.filter((fault) => !isOfMemory(fault)),
        [],
      );
    });

    it('leave nothing open in the HTTP client if there are only timeouts', async (t) => {
      const faults = await runTimeoutsInARow(SETTINGS, (line) => t.diagnostic(line));
      assert.deepEqual(
        faults.filter((fault) => !isOfMemory(fault)),
        [],
      );
    });
  });

  describe('Users with connections of their own', () => {
    it('get their own data, all of it, on 40 connections, and one that gets data of another is found', async (t) => {
      const faults = await runCheckedConnections(SETTINGS, (line) => t.diagnostic(line), {
        preloads: [FOREIGN_DATA],
        services,
      });
      const [foreign = '', ...others] = faults.toSorted();
      assert.match(foreign, /^user 103: wrong: expected .*"id":"103".* got .*"id":"104"/s);
      // A machine that is busy with other tests may be overloaded, which is not wrong.
      assert.deepEqual(
        others.filter((fault) => !/^user 103: |refused: overloaded$/.test(fault)),
        [],
      );
    });
  });
});
