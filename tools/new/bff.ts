import { bffNames, loadBff } from '../tree.ts';
import { insertAfterLast, insertIntoBlock } from './insert.ts';
import { checkName, toTypeName } from './names.ts';
import type { Plan } from './plan.ts';
import { checkPorts } from './ports.ts';
import { objectTypesIn, sdlFiles } from './sdl.ts';

export interface BffOptions {
  readonly port: number | undefined;
  readonly adminPort: number | undefined;
}

/** The BFF whose files serve as a template. */
const TEMPLATE = 'mobile';
/** The SDL of the domains that a new BFF starts with. */
const DOMAINS = ['schema/shared/base.graphql', 'schema/shared/user.graphql'];
const SHARED_TESTS = [
  'test/bff/rights/rights.test.ts',
  'test/bff/field-paths/field-paths.test.ts',
  'test/bff/fault-matrix/fault-matrix.test.ts',
  'test/budgets/calls.test.ts',
];

/**
 * Plans a BFF with the domain of users and one field of its own, which returns the signed-in user.
 * @returns the test files that concern it
 */
export async function planBff(plan: Plan, name: string, options: BffOptions): Promise<string[]> {
  checkName(name);
  await checkPorts(options.port, options.adminPort);
  if (plan.exists(`bff-${name}`)) throw new Error(`bff-${name} exists already`);
  const type = toTypeName(name);
  checkSchema(plan, name, type);
  const bffs = await Promise.all(bffNames().map(loadBff));
  const port = options.port ?? Math.max(...bffs.map((bff) => bff.port)) + 1;
  const adminPort = options.adminPort ?? Math.max(...bffs.map((bff) => bff.adminPort)) + 1;

  createSources(plan, { name, type, port, adminPort });
  registerBff(plan, { name, type, port, adminPort });
  addTests(plan, name, type);
  return [`test/bff/${name}.test.ts`, ...SHARED_TESTS];
}

/** The tables of the tests are shared by all BFFs, so that a field of another one must not have the name. */
function checkSchema(plan: Plan, name: string, type: string): void {
  const files = ['shared', ...bffNames()].flatMap((folder) => sdlFiles(plan, `schema/${folder}`));
  const declared = files.flatMap(({ text }) => objectTypesIn(text));
  if (declared.some((each) => each.name === type)) {
    throw new Error(`the type ${type} exists already: choose another name`);
  }
  if (declared.some((each) => each.name === 'Query' && each.fields.includes(name))) {
    throw new Error(`the field Query.${name} exists already: choose another name`);
  }
}

interface NewBff {
  readonly name: string;
  /** Its own type, and the operation that requests it. */
  readonly type: string;
  readonly port: number;
  readonly adminPort: number;
}

function createSources(plan: Plan, { name, type, port, adminPort }: NewBff): void {
  plan.create(
    `schema/${name}/${name}.graphql`,
    `extend type Query {
  "The data of the first screen. Each part is independent: an unavailable part is null and has an error of its own." #? the field and its description
  ${name}: ${type} @cacheControl(maxAge: 30, scope: PRIVATE) #? how long a response may be cached
}

"The parts of the first screen."
type ${type} @cacheControl(inheritMaxAge: true) {
  "The viewer's account; null if it was deleted." #? the parts that this client needs, each nullable
  user: User
}
`,
  );
  plan.create(
    `bff-${name}/bff.ts`,
    `import type { BffDefinition } from '../src/bff.ts';
import { UPSTREAMS } from '../src/datasources/upstreams.ts';
import { STANDARD_LIMITS } from '../src/operations/limits/index.ts';
import { base } from '../src/resolvers/base.ts';
import { user } from '../src/resolvers/user/index.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

export const ${name}: BffDefinition = {
  name: '${name}',
  port: ${port},
  adminPort: ${adminPort},
  upstreams: UPSTREAMS,
  domains: [base, user], //? the domains that this client shows, with a row for each field in test/bff/rights/${name}.txt
  credentials: [], //? credentials besides a bearer token: 'cookie' for browsers, 'key' for servers
  trustedOnly: true, //? whether production accepts registered operations only
  limits: STANDARD_LIMITS, //? the maximum size of one operation
  schema: '${name}',
  resolvers,
  permissions,
  stale: { whileRevalidate: 30, ifError: 300 }, //? how long expired responses may be served, in seconds
  operations: new URL('./operations/', import.meta.url),
  example: '${type}',
};
`,
  );
  plan.create(
    `bff-${name}/main.ts`,
    plan.read(`bff-${TEMPLATE}/main.ts`).replaceAll(TEMPLATE, name),
  );
  plan.create(
    `bff-${name}/permissions.ts`,
    `import { authenticated, inherited, type PermissionTree } from '../src/auth/rules.ts';

export const permissions: PermissionTree = {
  Query: { ${name}: authenticated('profile:read') }, //? who may read each field, and the scopes for third-party clients
  ${type}: { user: inherited },
};
`,
  );
  plan.create(
    `bff-${name}/resolvers.ts`,
    `import { signedIn } from '../src/resolvers/signed-in.ts';
import type { Resolvers } from './generated.ts';

export const resolvers: Resolvers = {
  Query: {
    ${name}: (_parent, _args, context) => signedIn(context),
  },
  ${type}: {
    user: ({ id }, _args, { datasources }) => datasources.users.byId(id),
  },
};
`,
  );
  plan.create(
    `bff-${name}/operations/${type}.graphql`,
    `query ${type} { #? the operations of this client, one per file, named after it
  ${name} {
    user {
      id
      name
    }
  }
}
`,
  );
}

function registerBff(plan: Plan, { name, type, port, adminPort }: NewBff): void {
  const prefix = name.toUpperCase();
  plan.edit('codegen.ts', (text) =>
    insertIntoBlock(
      text,
      [/^const OWN_MAPPERS\b/],
      `${name}: { ${type}: '../src/viewer.ts#SignedInViewer' },`,
    ),
  );
  plan.edit('package.json', (text) => {
    const script = /^ +"start:\w+": ".*(?<= )bff-\w+\/main\.ts",$/;
    const [like = ''] = new RegExp(script.source, 'm').exec(text) ?? [];
    const added = like.replace(/start:\w+/, `start:${name}`).replace(/bff-\w+/, `bff-${name}`);
    return insertAfterLast(text, script, added).replace(
      /--watch-path=bff-\w+(?= --watch-path=(?!bff-))/,
      `$& --watch-path=bff-${name}`,
    );
  });
  plan.edit('.env.example', (text) =>
    insertAfterLast(
      insertAfterLast(
        text,
        /^\w+(?<!ADMIN|SERVICE|IDENTITY|PAGE)_PORT=\d/,
        `${prefix}_PORT=${port}`,
      ),
      /^\w+_ADMIN_PORT=/,
      `${prefix}_ADMIN_PORT=${adminPort}`,
    ),
  );
  plan.edit('graphql.config.yml', (text) =>
    insertAfterLast(
      text,
      /^ {4}documents:/,
      `  ${name}:
    schema: bff-${name}/schema.graphql
    documents: bff-${name}/operations/*.graphql`,
    ),
  );
}

function addTests(plan: Plan, name: string, type: string): void {
  plan.create(
    `test/bff/${name}.test.ts`,
    `import { ${name} } from '../../bff-${name}/bff.ts';
import { contract } from './contract.ts';

contract(${name});
`,
  );
  plan.create(`test/bff/rights/${name}.txt`, rightsTable(plan, name, type));
  plan.edit('test/bff/rights/scopes.txt', (text) => {
    const row = (field: string) => `${field.padEnd(34)}${'profile:read'.padEnd(46)}never`;
    return insertAfterLast(text, /^Query\./, row(`Query.${name}`));
  });
  plan.edit('test/bff/rights/domains.ts', (text) =>
    insertAfterLast(
      text,
      /^ {2}\{ root: '\w+', whose: 'own', args: '' \},$/,
      `  { root: '${name}', whose: 'own', args: '' },`,
    ),
  );
  plan.edit('test/bff/fault-matrix/table.ts', (text) =>
    insertIntoBlock(
      text,
      [/^> = \{$/],
      `${name}: {
  ${type}: { user: ['${name}.user'] },
},`,
    ),
  );
  plan.edit('test/bff/operation-examples.ts', (text) =>
    insertAfterLast(
      text,
      /^ {2}\w+: \{ as: ME, variables: \(\) => \(\{\}\) \},$/,
      `  ${type}: { as: ME, variables: () => ({}) },`,
    ),
  );
  const [header = ''] = plan.read(`test/budgets/${TEMPLATE}.txt`).split('\n\n');
  plan.create(
    `test/budgets/${name}.txt`,
    `${header.replaceAll(TEMPLATE, name)}

${type}: 1 call in 1 wave
  1  usersByIds           ${name}.user
`,
  );
}

/** The rows of the fields of its domains: private fields are the viewer's own, public ones are as elsewhere. */
function rightsTable(plan: Plan, name: string, type: string): string {
  const own = (field: string) =>
    `${field.padEnd(46)}UNAUTHENTICATED  yes   -           -           yes         -`;
  const lines = plan.read(`test/bff/rights/${TEMPLATE}.txt`).split('\n');
  const fields = new Set(DOMAINS.flatMap((path) => fieldsOf(plan.read(path))));
  const rows = lines.flatMap((line) => {
    const [, field] = /^(\w+\.\w+) {2,}/.exec(line) ?? [];
    if (field) return fields.has(field) ? [line.includes('UNAUTH') ? own(field) : line] : [];
    return line.includes(' via ') && !line.startsWith('#') ? [] : [line];
  });
  return rows
    .join('\n')
    .replace(`the ${TEMPLATE} BFF`, `the ${name} BFF`)
    .replace(/\n{3,}/g, '\n\n')
    .replace(/^Query\./m, `${own(`Query.${name}`)}\n$&`)
    .replace(/^User\./m, `${own(`${type}.user`)}\n\n$&`);
}

/** The fields of the object types in SDL, as "Type.field". */
const fieldsOf = (sdl: string): string[] =>
  objectTypesIn(sdl).flatMap(({ name, fields }) => fields.map((field) => `${name}.${field}`));
