import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import {
  authorization,
  type Environment,
  type Json,
  startEnvironment,
} from '../support/environment.ts';

/** How often each operation is sent: graphql-js executes the first, graphql-jit the later ones. */
const TIMES = 3;

describe('A compiled operation', () => {
  let environment: Environment;
  before(async () => {
    environment = await startEnvironment(web);
  });
  after(() => environment[Symbol.asyncDispose]());

  /** By GET, because a body with the key `__proto__` is refused. */
  async function ask(query: string, variables: string): Promise<Json> {
    const address = `${environment.endpoint}?${new URLSearchParams({ query, variables })}`;
    return (await fetch(address, { headers: await authorization(CAST.customer) })).json();
  }

  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    it(`has all its data with ${name} as an alias`, async () => {
      const query = `{ profile(id: "42") { ${name}: id name } }`;
      const profile = `{"${name}":"42","name":"Amara Okafor"}`;
      for (let time = 0; time < TIMES; time++) {
        assert.equal(JSON.stringify(await ask(query, '{}')), `{"data":{"profile":${profile}}}`);
      }
    });

    it(`takes the value of a variable with the name ${name}`, async () => {
      const query = `query ($${name}: ID!) { profile(id: $${name}) { id } }`;
      for (let time = 0; time < TIMES; time++) {
        const body = await ask(query, `{"${name}":"42"}`);
        assert.deepEqual(body, { data: { profile: { id: '42' } } });
      }
    });

    it(`takes the default of a variable with the name ${name}`, async () => {
      const query = `query ($${name}: ID = "42") { profile(id: $${name}) { id } }`;
      for (let time = 0; time < TIMES; time++) {
        assert.deepEqual(await ask(query, '{}'), { data: { profile: { id: '42' } } });
      }
    });

    it(`leaves out a variable with the name ${name} that is not given`, async () => {
      const query = `query ($${name}: OrderStatus) {
        viewer { orders(first: 1, status: $${name}) { edges { cursor } } }
      }`;
      for (let time = 0; time < TIMES; time++) {
        const { data, errors } = await ask(query, '{}');
        assert.equal(errors, undefined);
        assert.equal(data.viewer.orders.edges.length, 1);
      }
    });
  }
});
