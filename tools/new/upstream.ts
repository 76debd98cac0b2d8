import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { insertAfterLast, insertImport, insertIntoBlock, insertIntoList } from './insert.ts';
import { checkName, toTypeName } from './names.ts';
import type { Plan } from './plan.ts';
import { checkPorts } from './ports.ts';

/**
 * Plans an upstream with one operation, which reads objects by their ids in batches, and its stand-in.
 * @param port - of the stand-in; the next free one if undefined
 * @returns the test files that concern it
 */
export async function planUpstream(
  plan: Plan,
  name: string,
  port: number | undefined,
): Promise<string[]> {
  checkName(name);
  await checkPorts(port);
  if (plan.exists(`services/${name}`)) throw new Error(`services/${name} exists already`);
  const upstreams = Object.values(UPSTREAMS);
  if (upstreams.some(({ datasource }) => datasource === name)) {
    throw new Error(`there is a datasource "${name}" already`);
  }
  const added = {
    name,
    model: toTypeName(name),
    port: port ?? Math.max(...upstreams.map((upstream) => upstream.port)) + 1,
  };
  createStandIn(plan, added);
  createDatasource(plan, added);
  registerUpstream(plan, added);
  return [addTest(plan, added), 'test/config/config.test.ts', 'test/architecture.test.ts'];
}

interface NewUpstream {
  readonly name: string;
  /** The model and the wire type. */
  readonly model: string;
  readonly port: number;
}

function createStandIn(plan: Plan, { name, model, port }: NewUpstream): void {
  plan.create(
    `services/${name}/openapi.yaml`,
    `openapi: 3.1.0
info:
  title: ${model} service
  version: 1.0.0
  description: ${model} objects by id.
servers:
  - url: http://127.0.0.1:${port}
security:
  - serviceToken: []
paths:
  /${name}: #? the contract of the real service: paths, parameters and schemas
    get:
      operationId: ${name}ByIds
      summary: Objects by id, in no particular order
      parameters:
        - name: ids
          in: query
          required: true
          description: 1 to 100 ids, separated by commas. Duplicates are allowed.
          style: form
          explode: false
          schema: { type: array, minItems: 1, maxItems: 100, items: { type: string } }
      responses:
        '200':
          description: The objects found.
          content:
            application/json:
              schema: { $ref: '#/components/schemas/${model}Batch' }
components:
  securitySchemes:
    serviceToken:
      type: http
      scheme: bearer
      description: The credential of the calling service; the same for all callers.
  schemas:
    ${model}:
      type: object
      description: One object.
      required: [id, name]
      properties:
        id: { type: string, description: Opaque id. }
        name: { type: string, description: Display name. }
    ${model}Batch:
      type: object
      description: Objects without pages. Unknown ids are absent.
      required: [items]
      properties:
        items:
          type: array
          description: The objects found, once each.
          items: { $ref: '#/components/schemas/${model}' }
`,
  );
  plan.create(
    `services/${name}/service.ts`,
    `import { ids } from '../support/input.ts';
import { operation } from '../support/operation.ts';
import { createStandIn, type ServiceOptions, type StandIn } from '../support/stand-in.ts';
import { findEach } from '../support/store.ts';

const ITEMS = new Map(['1', '2', '3'].map((id) => [id, { id, name: \`Example \${id}\` }])); //? the stand-in's data

export async function create${model}Service(options: ServiceOptions = {}): Promise<StandIn> {
  return createStandIn(
    '${name}',
    [
      operation({
        name: '${name}ByIds',
        route: 'GET /${name}',
        selector: 'ids',
        query: { ids },
        handle: ({ query }) => ({ items: findEach(query.ids, (id) => ITEMS.get(id)) }),
      }),
    ],
    options,
  );
}
`,
  );
  plan.create(
    `services/${name}/main.ts`,
    `import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { runService } from '../support/run-service.ts';

await runService({
  name: '${name}',
  defaultPort: UPSTREAMS.${name}.port,
  create: async (options) => (await import('./service.ts')).create${model}Service(options),
});
`,
  );
}

function createDatasource(plan: Plan, { name, model }: NewUpstream): void {
  plan.edit('src/datasources/models.ts', (text) => {
    if (text.includes(`interface ${model} `)) throw new Error(`has a model ${model} already`);
    return `${text}
/** An object of the ${name} service. */
export interface ${model} { //? the model, in the terms and units of the domain
  readonly id: string;
  readonly name: string;
}
`;
  });
  plan.create(
    `src/datasources/${name}.ts`,
    `import { notFound } from '../errors.ts';
import type { CallContext } from '../upstream/call-context.ts';
import type { Upstream, UpstreamReply } from '../upstream/upstream.ts';
import { list, string } from './decode.ts';
import type { components } from './generated/${name}.ts';
import { createLoader } from './loader.ts';
import type { ${model} } from './models.ts';
import { bodyOf } from './reply.ts';
import { tagOf } from './tag.ts';
import { checkId, target } from './target.ts';

type Wire = components['schemas'];

/** Creates the datasource of the ${name} service. */
export function create${model}Source(upstream: Upstream) {
  const byIds = upstream.batch('${name}ByIds', {
    target: (ids) => target(['${name}'], { ids }),
    read: () => decodeBatch,
    missingKeyError: () => notFound('${name}'), //? whether a missing object is an error, or null as for a deleted one
  });

  return (call: CallContext) => {
    const loader = createLoader((ids) => byIds(ids, call));

    return {
      /** @throws BffError NOT_FOUND */
      async byId(id: string): Promise<${model}> {
        checkId(id);
        call.recorder?.addTags?.([tagOf('${model}', id)]); //? the tags with which changes of the object purge responses
        return loader.load(id);
      },
    };
  };
}

const decodeBatch = (reply: UpstreamReply<Wire['${model}Batch']>): Map<string, ${model}> =>
  new Map(list(bodyOf(reply).items, to${model}).map((item) => [item.id, item]));

const to${model} = (wire: Wire['${model}']): ${model} => ({
  id: string(wire.id),
  name: string(wire.name),
});
`,
  );
}

function registerUpstream(plan: Plan, { name, model, port }: NewUpstream): void {
  const prefix = name.toUpperCase();
  plan.edit('src/datasources/upstreams.ts', (text) =>
    insertImport(
      insertIntoBlock(
        text,
        [/^export const UPSTREAMS = \{$/],
        `${name}: { port: ${port}, datasource: '${name}', createSource: create${model}Source }, //? the port and the datasource's name in resolvers`,
      ),
      `./${name}.ts`,
      `create${model}Source`,
    ),
  );
  plan.edit('.env.example', (text) =>
    insertAfterLast(
      insertAfterLast(text, /^\w+_SERVICE_PORT=/, `${prefix}_SERVICE_PORT=${port}`),
      /^\w+_SERVICE_URL=/,
      `${prefix}_SERVICE_URL=`,
    ),
  );
}

function addTest(plan: Plan, { name, model }: NewUpstream): string {
  plan.edit('test/support/services.ts', (text) =>
    insertImport(
      insertIntoBlock(text, [/^export const STAND_INS = \{$/], `${name}: create${model}Service,`),
      `../../services/${name}/service.ts`,
      `create${model}Service`,
    ),
  );
  plan.edit('test/bff/fault-matrix/table.ts', (text) =>
    insertIntoList(text, /^export const UNCALLED\b/, `'${name}'`).replace(
      /^export const UNCALLED\b.*$/m,
      '$& //? remove it once an operation calls it, and add what is lost to LOST_FIELDS',
    ),
  );
  const path = `test/datasources/${name}.test.ts`;
  plan.create(
    path,
    `import assert from 'node:assert/strict';
import { it } from 'node:test';
import pino from 'pino';
import { loadConfig } from '../../src/config/index.ts';
import { createUpstreams } from '../../src/datasources/index.ts';
import { UPSTREAMS } from '../../src/datasources/upstreams.ts';
import { createTestMetrics } from '../support/metrics.ts';
import { startServices } from '../support/services.ts';
import { createCallers } from '../upstream/controlled-upstream.ts';

it('The ${name} datasource reads an object by its id', async () => {
  await using running = await startServices(['${name}']);
  const bff = { name: 'test', port: 0, adminPort: 0, upstreams: UPSTREAMS };
  const config = loadConfig(running.env, bff);
  const log = pino({ level: 'silent' });
  const { upstreams: metrics } = createTestMetrics();
  const upstreams = createUpstreams(UPSTREAMS, config.upstreams, log, metrics);
  using callers = createCallers();
  const { ${name} } = upstreams.datasourcesFor(callers.call());
  assert.deepEqual(await ${name}.byId('1'), { id: '1', name: 'Example 1' }); //? the objects and methods to test
  await assert.rejects(${name}.byId('none'), { code: 'NOT_FOUND' });
  upstreams.close();
});
`,
  );
  return path;
}
