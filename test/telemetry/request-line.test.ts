import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pino } from 'pino';
import { createRequestLineWriter, type LoggedRequest } from '../../src/telemetry/request-line.ts';
import { type CompletedRequest, RequestRecord } from '../../src/telemetry/request-record.ts';

const LINE: LoggedRequest & CompletedRequest = {
  id: 'r1',
  method: 'GET',
  url: '/graphql?query=secret',
  ip: '192.0.2.1',
  client: undefined,
  clientVersion: undefined,
  status: 200,
  durationMs: 1.26,
  record: new RequestRecord(),
};

/** Writes a request's line, and one of pino with the same logger. */
function write(line: LoggedRequest & CompletedRequest) {
  const lines: string[] = [];
  const stream = { write: (text: string) => void lines.push(text) };
  const log = pino({ name: 'shop' }, stream).child({ worker: 2 });
  createRequestLineWriter(log)?.(line, line, false);
  log.info('another line');
  return lines.map((text) => {
    assert.match(text, /^[^\n]+\n$/);
    return JSON.parse(text);
  });
}

function planned(name: string | undefined, cost: number) {
  return {
    operation: { hash: '0123456789abcdef' },
    definition: { operation: 'query', ...(name !== undefined && { name: { value: name } }) },
    cost,
    cache: { scope: 'user', maxAge: 0, tags: [] },
    fields: [],
  } as const;
}

describe('The line of a request', () => {
  it('has the fields of every other line of the log', () => {
    const [own, other] = write(LINE);
    const { level, time, reqId, req, status, durationMs, ...shared } = own;
    const { level: otherLevel, time: otherTime, ...expected } = other;
    assert.deepEqual(shared, { ...expected, msg: 'request completed' });
    assert.equal(level, otherLevel);
    assert.equal(typeof time, typeof otherTime);
    assert.deepEqual({ reqId, status, durationMs }, { reqId: 'r1', status: 200, durationMs: 1.3 });
    assert.deepEqual(req, { method: 'GET', path: '/graphql', address: '192.0.2.1' });
  });

  it('names all operations of a batch, and adds their costs', () => {
    const record = new RequestRecord();
    record.operations.push(planned('One', 2), planned(undefined, 3), planned('Two', 4));
    const [own] = write({ ...LINE, record });
    assert.equal(own.operation, 'One,Two');
    assert.equal(own.operationHash, '0123456789ab,0123456789ab,0123456789ab');
    assert.equal(own.cost, 9);
  });

  it('is one line of valid JSON for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, other) => {
        const record = new RequestRecord();
        record.operations.push(planned(text, 1));
        record.errorCodes = [text];
        const url = `/${text.replaceAll('?', '')}`;
        const [own] = write({ ...LINE, url, ip: other, client: text, id: other, record });
        assert.equal(own.req.path, url);
        assert.equal(own.req.address, other);
        assert.equal(own.req.client, text);
        assert.equal(own.reqId, other);
        assert.deepEqual(own.errorCodes, [text]);
      }),
    );
  });

  it('is not written if the level of the log excludes it', () => {
    assert.equal(createRequestLineWriter(pino({ level: 'warn' })), undefined);
  });
});
