import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRequest } from '../../src/telemetry/log.ts';

const REQUEST = { method: 'GET', url: '/graphql?query={me}', ip: '192.0.2.1', headers: {} };

test('the log has which client asks, and nothing of what it asks', () => {
  const headers = {
    'apollographql-client-name': 'shop-web',
    'apollographql-client-version': '1.2.3',
    authorization: 'Bearer secret',
  };
  assert.deepEqual(describeRequest({ ...REQUEST, headers }), {
    method: 'GET',
    path: '/graphql',
    address: '192.0.2.1',
    client: 'shop-web',
    clientVersion: '1.2.3',
  });
});

test('what is no name of a client is left out', () => {
  for (const name of ['', 'x'.repeat(65), 'two\nlines', 'ünïcode', ['a', 'b']]) {
    const headers = { 'apollographql-client-name': name };
    assert.equal(describeRequest({ ...REQUEST, headers }).client, undefined);
  }
});
