import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeExecutableSchema } from '@graphql-tools/schema';
import { type GraphQLError, type GraphQLSchema, graphql, isObjectType } from 'graphql';
import {
  anyone,
  inherited,
  ownerOrStaff,
  type PermissionTree,
  staff,
} from '../../src/auth/rules.ts';
import { guardSchema } from '../../src/auth/shield.ts';
import { BffError } from '../../src/errors.ts';
import type { Viewer } from '../../src/viewer.ts';
import { type DocumentRequest, documentsFor } from '../bff/field-paths/documents.ts';
import { SPELLINGS } from '../bff/field-paths/spellings.ts';
import { allPaths, nameOf, valuesAt } from '../support/field-paths.ts';

const typeDefs = /* GraphQL */ `
  type Query {
    shelf: Shelf
    count: Int
  }
  type Mutation {
    clear: Boolean
  }
  type Shelf {
    label: String
    secret: String
    book: Book
    books: [Book!]
  }
  interface Thing {
    title: String
  }
  type Book implements Thing {
    title: String
  }
`;

const SHELF = { label: 'A', secret: 'key', book: { title: 'One' }, books: [{ title: 'Two' }] };
const down = () => new BffError('UPSTREAM_UNAVAILABLE', 'The upstream does not respond.');

const plainSchema = (shelf: () => unknown = () => SHELF): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs,
    resolverValidationOptions: { requireResolversForResolveType: 'ignore' },
    resolvers: { Query: { shelf, count: () => 1 }, Mutation: { clear: () => true } },
  });

const schemaWithTicks = (events: object = { resolve: () => 1 }): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs: 'type Query { a: Int } type Subscription { ticks: Int }',
    resolvers: {
      Subscription: { ticks: { subscribe: async function* () {}, ...events } },
    } as never,
  });

function ticksOf(schema: GraphQLSchema) {
  const field = schema.getSubscriptionType()?.getFields().ticks;
  assert.ok(field);
  return field;
}

async function execute(schema: GraphQLSchema, source: string, role: Viewer['role'] = 'staff') {
  const contextValue = { viewer: { role, id: '1' } };
  const { data, errors = [] } = await graphql({ schema, source, contextValue });
  return { data: JSON.parse(JSON.stringify(data)), codes: errors.map(codeOf) };
}

const codeOf = ({ path, originalError }: GraphQLError): string =>
  `${path?.join('.')}: ${(originalError as BffError | undefined)?.code}`;

describe('A field that no permission tree names', () => {
  const guarded = guardSchema(plainSchema(), [{ Query: { shelf: anyone } }]);

  it('is denied to everyone if it is a root field, scalar or not', async () => {
    assert.deepEqual(await execute(guarded, '{ count }'), {
      data: { count: null },
      codes: ['count: FORBIDDEN'],
    });
    assert.deepEqual(await execute(guarded, 'mutation { clear }'), {
      data: { clear: null },
      codes: ['clear: FORBIDDEN'],
    });
  });

  it('is denied to everyone if it returns an object or a list of objects', async () => {
    assert.deepEqual(await execute(guarded, '{ shelf { label book { title } books { title } } }'), {
      data: { shelf: { label: 'A', book: null, books: null } },
      codes: ['shelf.book: FORBIDDEN', 'shelf.books: FORBIDDEN'],
    });
  });

  it('keeps its resolver if it is a scalar below the root, and so costs nothing', () => {
    assert.equal(resolverOf(guarded, 'Shelf', 'label'), undefined);
    assert.equal(resolverOf(guarded, 'Book', 'title'), undefined);
    assert.notEqual(resolverOf(guarded, 'Shelf', 'book'), undefined);
  });

  it('is denied if it is a subscription', () => {
    const schema = schemaWithTicks();
    const { resolve, subscribe } = ticksOf(schema);
    const guarded = ticksOf(guardSchema(schema, []));
    assert.notEqual(guarded.resolve, resolve);
    assert.notEqual(guarded.subscribe, subscribe);
  });

  it('is refused if it is a subscription whose events have no resolver', () => {
    assert.throws(
      () => guardSchema(schemaWithTicks({}), []),
      /Subscription\.ticks: subscribe or resolve is missing/,
    );
  });

  it('does not run its resolver when it is denied', async () => {
    let ran = false;
    const schema = plainSchema(() => {
      ran = true;
      return SHELF;
    });
    await execute(guardSchema(schema, []), '{ shelf { label } }');
    assert.equal(ran, false);
  });
});

describe('A permission rule', () => {
  it('guards a scalar with a default resolver', async () => {
    const guarded = guardSchema(plainSchema(), [
      { Query: { shelf: anyone }, Shelf: { secret: staff() } },
    ]);
    assert.deepEqual(await execute(guarded, '{ shelf { label secret } }', 'customer'), {
      data: { shelf: { label: 'A', secret: null } },
      codes: ['shelf.secret: FORBIDDEN'],
    });
    assert.deepEqual((await execute(guarded, '{ shelf { secret } }')).data.shelf, {
      secret: 'key',
    });
  });

  it('does not wrap a field that is as visible as its parent', () => {
    const schema = plainSchema();
    const tree = { Query: { shelf: anyone }, Shelf: { book: inherited } };
    const guarded = guardSchema(schema, [tree]);
    assert.equal(resolverOf(guarded, 'Query', 'shelf'), resolverOf(schema, 'Query', 'shelf'));
    assert.equal(resolverOf(guarded, 'Shelf', 'book'), undefined);
  });

  const mistakes: [what: string, trees: unknown[], message: RegExp][] = [
    ['for a whole type', [{ Shelf: staff() }], /\bShelf\b/],
    ['for all types', [{ '*': staff() }], /\*/],
    ['for all fields of a type', [{ Shelf: { '*': staff() } }], /\bShelf\b/],
    ['for all fields of all types', [{ '*': { '*': staff() } }], /\*/],
    ['for a field that does not exist', [{ Shelf: { lable: staff() } }], /\bShelf\.lable\b/],
    ['for a type that does not exist', [{ Shell: { label: staff() } }], /\bShell\b/],
    [
      'for an interface, where it would guard nothing',
      [{ Thing: { title: staff() } }],
      /\bThing\b/,
    ],
    ['that lets a root field inherit', [{ Query: { shelf: inherited } }], /\bQuery\.shelf\b/],
    ['that is an atom which was not called', [{ Shelf: { label: staff } }], /\bShelf\.label\b/],
    [
      'defined twice',
      [{ Shelf: { book: staff() } }, { Shelf: { book: anyone } }],
      /\bShelf\.book\b/,
    ],
  ];
  for (const [what, trees, message] of mistakes) {
    it(`${what} is rejected, naming the type or field`, () => {
      assert.throws(() => guardSchema(plainSchema(), trees as PermissionTree[]), { message });
    });
  }
});

describe('An upstream error', () => {
  it('thrown by a guarded resolver does not become FORBIDDEN', async () => {
    const schema = plainSchema(() => {
      throw down();
    });
    assert.deepEqual(
      await execute(guardSchema(schema, [{ Query: { shelf: staff() } }]), '{ shelf { label } }'),
      {
        data: { shelf: null },
        codes: ['shelf: UPSTREAM_UNAVAILABLE'],
      },
    );
  });

  const loaders: [how: string, ownerOf: () => string | Promise<string>][] = [
    [
      'throws',
      () => {
        throw down();
      },
    ],
    ['rejects', () => Promise.reject(down())],
  ];
  for (const [how, ownerOf] of loaders) {
    it(`does not become FORBIDDEN when a rule's owner lookup ${how}`, async () => {
      const tree = { Query: { shelf: ownerOrStaff('shelf', ownerOf) } };
      const guarded = guardSchema(plainSchema(), [tree]);
      assert.deepEqual(await execute(guarded, '{ shelf { label } }', 'customer'), {
        data: { shelf: null },
        codes: ['shelf: UPSTREAM_UNAVAILABLE'],
      });
    });
  }
});

const librarySdl = /* GraphQL */ `
  type Query {
    things: [Thing!]
    found: [Found!]
    book: Book
  }
  interface Thing {
    title: String
    price: Int
    owner: Owner
  }
  type Book implements Thing {
    title: String
    price: Int
    owner: Owner
    pages: [Page!]
  }
  type Globe implements Thing {
    title: String
    price: Int
    owner: Owner
  }
  type Page {
    text: String
    book: Book
  }
  type Owner {
    name: String
    shelf: Shelf
  }
  type Shelf {
    things: [Thing!]
    found: Found
  }
  union Found = Globe | Owner | Book
`;

describe('Guarded fields on every path, also through interfaces and unions,', () => {
  const book: Record<string, unknown> = { __typename: 'Book', title: 'One', price: 1 };
  const globe: Record<string, unknown> = { __typename: 'Globe', title: 'Earth', price: 2 };
  const owner: Record<string, unknown> = { __typename: 'Owner', name: 'Secret' };
  const things = [book, globe];
  const shelf = { things, found: globe };
  Object.assign(owner, { shelf });
  Object.assign(book, { owner, pages: [{ text: 'Secret', book }] });
  Object.assign(globe, { owner });
  const root = { things, found: [...things, owner], book };

  const tree: PermissionTree = {
    Query: { things: anyone, found: anyone, book: anyone },
    Book: { price: staff(), owner: staff(), pages: inherited },
    Globe: { price: staff(), owner: staff() },
    Page: { text: staff(), book: inherited },
    Owner: { name: staff(), shelf: staff() },
    Shelf: { things: inherited, found: inherited },
  };
  const guarded = new Set(
    Object.entries(tree).flatMap(([type, fields]) =>
      Object.entries(fields).flatMap(([field, rule]) =>
        rule === anyone || rule === inherited ? [] : [`${type}.${field}`],
      ),
    ),
  );
  const schema = makeExecutableSchema({
    typeDefs: librarySdl,
    resolvers: {
      Query: Object.fromEntries(Object.entries(root).map(([name, value]) => [name, () => value])),
    },
    resolverValidationOptions: { requireResolversForResolveType: 'ignore' },
  });
  const requests = allPaths(schema)
    .filter(({ target }) => guarded.has(target))
    .flatMap((path) =>
      [...documentsFor(schema, path, '', guarded)].map(([spelling, request]) => ({
        path,
        spelling,
        request,
      })),
    );

  async function valuesFor(
    role: Viewer['role'],
    guardedSchema: GraphQLSchema,
    request: DocumentRequest,
  ) {
    const { query: source, operationName, variables: variableValues } = request;
    const contextValue = { viewer: { role, id: '1' } };
    const result = await graphql({
      schema: guardedSchema,
      source,
      operationName,
      variableValues,
      contextValue,
    });
    assert.ok(result.data, `${source}: ${result.errors}`);
    return request.responsePaths.flatMap((keys) => valuesAt(result.data, keys));
  }

  /** The spellings in which a viewer gets a value of a field. */
  async function spellingsThatReach(
    field: string,
    role: Viewer['role'],
    guardedSchema: GraphQLSchema,
  ) {
    const reached = new Set<string>();
    for (const { spelling, request } of requests.filter(({ path }) => path.target === field)) {
      if ((await valuesFor(role, guardedSchema, request)).length > 0) reached.add(spelling);
    }
    return reached;
  }

  /** All spellings of paths to a field on which no other field has a rule. */
  const spellingsTo = (field: string) =>
    requests
      .filter(({ path }) => path.target === field)
      .filter(({ path }) => path.steps.slice(0, -1).every((step) => !guarded.has(nameOf(step))))
      .map(({ spelling }) => spelling);

  it('are requested in every spelling', () => {
    assert.deepEqual(
      new Set(requests.map(({ spelling }) => spelling)),
      new Set(Object.keys(SPELLINGS)),
    );
    assert.deepEqual(new Set(requests.map(({ path }) => path.target)), guarded);
  });

  for (const field of guarded) {
    it(`return ${field} only to viewers who may see it`, async () => {
      const guardedSchema = guardSchema(schema, [tree]);
      const everySpelling = requests
        .filter(({ path }) => path.target === field)
        .map(({ spelling }) => spelling);
      const reached = await spellingsThatReach(field, 'staff', guardedSchema);
      assert.deepEqual(reached, new Set(everySpelling));
      for (const role of ['customer', 'anonymous', 'partner'] as const) {
        const found = await spellingsThatReach(field, role, guardedSchema);
        assert.deepEqual(found, new Set(), role);
      }
    });

    it(`are found open in every spelling when ${field} loses its rule`, async () => {
      const [type = '', name = ''] = field.split('.');
      const without = { ...tree, [type]: { ...tree[type], [name]: inherited } };
      const reached = await spellingsThatReach(field, 'customer', guardSchema(schema, [without]));
      assert.deepEqual([...new Set(spellingsTo(field)).difference(reached)], []);
    });
  }
});

function resolverOf(schema: GraphQLSchema, typeName: string, field: string): unknown {
  const type = schema.getType(typeName);
  assert.ok(isObjectType(type));
  return type.getFields()[field]?.resolve;
}
