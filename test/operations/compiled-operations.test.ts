import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { anyone } from '../../src/auth/rules.ts';
import { authorization, type Json, startEnvironment } from '../support/environment.ts';
import { library } from '../support/fixture/bff.ts';
import { CAST } from '../support/fixture/cast.ts';
import { type LibraryEnvironment, startLibrary } from '../support/fixture/environment.ts';

/** The number of times that each operation is sent: graphql-js executes the first, graphql-jit the later. */
const TIMES = 3;

describe('A compiled operation', () => {
  let environment: LibraryEnvironment;
  before(async () => {
    environment = await startLibrary();
  });
  after(() => environment[Symbol.asyncDispose]());

  /** Sends by GET, because a JSON body with the key `__proto__` is refused. */
  async function send(query: string, variables: string): Promise<Json> {
    const url = `${environment.endpoint}?${new URLSearchParams({ query, variables })}`;
    return (await fetch(url, { headers: await authorization(CAST.reader) })).json();
  }

  for (const name of Object.getOwnPropertyNames(Object.prototype)) {
    it(`has all its data with ${name} as an alias`, async () => {
      const query = `{ member(id: "42") { ${name}: id name } }`;
      const member = `{"${name}":"42","name":"Ada Castro"}`;
      for (let n = 0; n < TIMES; n++) {
        assert.equal(JSON.stringify(await send(query, '{}')), `{"data":{"member":${member}}}`);
      }
    });

    it(`takes the value of a variable with the name ${name}`, async () => {
      const query = `query ($${name}: ID!) { member(id: $${name}) { id } }`;
      for (let n = 0; n < TIMES; n++) {
        const body = await send(query, `{"${name}":"42"}`);
        assert.deepEqual(body, { data: { member: { id: '42' } } });
      }
    });

    it(`takes the default of a variable with the name ${name}`, async () => {
      const query = `query ($${name}: ID = "42") { member(id: $${name}) { id } }`;
      for (let n = 0; n < TIMES; n++) {
        assert.deepEqual(await send(query, '{}'), { data: { member: { id: '42' } } });
      }
    });

    it(`leaves out a variable with the name ${name} that is not given`, async () => {
      const query = `query ($${name}: LoanStatus) {
        viewer { loans(first: 1, status: $${name}) { edges { cursor } } }
      }`;
      for (let n = 0; n < TIMES; n++) {
        const { data, errors } = await send(query, '{}');
        assert.equal(errors, undefined);
        assert.equal(data.viewer.loans.edges.length, 1);
      }
    });
  }

  it('that is committed has the location of a field in its error; other operations have none', async () => {
    const committed = await readFile(new URL('Home.graphql', library.operations), 'utf8');
    for (let n = 0; n < TIMES; n++) {
      const locations = [committed, '{ viewer { id } }'].map(
        async (text) => (await environment.send(text)).body.errors[0].locations,
      );
      assert.deepEqual(await Promise.all(locations), [[{ line: 2, column: 3 }], undefined]);
    }
  });

  it('has one error for a field with two invalid arguments, as when it is not compiled', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'schema-'));
    const schema = join(folder, 'sum.graphql');
    await writeFile(schema, 'extend type Query { sum(a: Int! = 1, b: Int! = 1): Int }');
    const sum = {
      schema: pathToFileURL(schema).href,
      resolvers: { Query: { sum: (_parent: unknown, { a, b }: Json) => a + b } },
      permissions: { Query: { sum: anyone } },
    };
    const bff = { ...library, domains: [...library.domains, sum] };
    await using extended = await startEnvironment(bff);
    await rm(folder, { recursive: true });
    const query = 'query ($a: Int, $b: Int) { sum(a: $a, b: $b) }';
    for (let n = 0; n < TIMES; n++) {
      const { body } = await extended.send(query, { variables: { a: null, b: null } });
      const messages = body.errors.map(({ message }: Json) => message);
      assert.deepEqual(messages, ['"a" must not be null.']);
    }
  });
});
