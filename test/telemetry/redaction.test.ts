import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { REDACTION } from '../../src/telemetry/redaction.ts';

function lineOf(fields: object) {
  let line = '';
  const stream = {
    write(text: string) {
      line = text;
    },
  };
  pino({ ...REDACTION }, stream).info(fields, 'message');
  return JSON.parse(line);
}

describe('A log line', () => {
  it('has no value of a secret field, whatever its case and wherever it is', () => {
    const line = lineOf({
      token: 'a',
      Authorization: 'b',
      headers: { 'X-API-Key': 'c', cookie: ['d'] },
      upstream: { request: { password: 'e' } },
      errors: [{ access_token: 'f' }],
      input: Object.assign(Object.create(null), { newPassword: 'g' }),
      proxyAuthorization: 'h',
    });
    assert.equal(line.token, '[redacted]');
    assert.equal(line.Authorization, '[redacted]');
    assert.deepEqual(line.headers, { 'X-API-Key': '[redacted]', cookie: '[redacted]' });
    assert.deepEqual(line.upstream, { request: { password: '[redacted]' } });
    assert.deepEqual(line.errors, [{ access_token: '[redacted]' }]);
    assert.deepEqual(line.input, { newPassword: '[redacted]' });
    assert.equal(line.proxyAuthorization, '[redacted]');
  });

  it('has no secret that a library has added to an error', () => {
    const err = Object.assign(new Error('refused'), {
      email: 'jo@example.org',
      options: { headers: { authorization: 'Bearer x' } },
    });
    const line = lineOf({ err });
    assert.equal(line.err.message, 'refused');
    assert.match(line.err.stack, /redaction\.test/);
    assert.equal(line.err.email, '[redacted]');
    assert.deepEqual(line.err.options, { headers: { authorization: '[redacted]' } });
  });

  it('keeps all other fields, and does not change the object that was logged', () => {
    const fields = { operation: 'Card', cost: 3, keys: 2, nested: { token: 'a' } };
    const { operation, cost } = lineOf(fields);
    assert.deepEqual({ operation, cost }, { operation: 'Card', cost: 3 });
    assert.equal(fields.nested.token, 'a');
  });
});
