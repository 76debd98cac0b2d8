import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
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
import type { Viewer } from '../../src/context.ts';
import { BffError } from '../../src/errors.ts';
import { type Asked, documentsFor, nameOf, pathsTo } from '../bff/ways.ts';
import { MANNERS } from '../bff/ways-manners.ts';
import { valuesAt } from '../support/reach.ts';

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
const down = () => new BffError('UPSTREAM_UNAVAILABLE', 'The order service does not answer.');

const plainSchema = (shelf: () => unknown = () => SHELF): GraphQLSchema =>
  makeExecutableSchema({
    typeDefs,
    resolverValidationOptions: { requireResolversForResolveType: 'ignore' },
    resolvers: { Query: { shelf, count: () => 1 }, Mutation: { clear: () => true } },
  });

async function ask(schema: GraphQLSchema, source: string, role: Viewer['role'] = 'staff') {
  const contextValue = { viewer: { role, id: '1' } };
  const { data, errors = [] } = await graphql({ schema, source, contextValue });
  return { data: JSON.parse(JSON.stringify(data)), codes: errors.map(codeOf) };
}

const codeOf = ({ path, originalError }: GraphQLError): string =>
  `${path?.join('.')}: ${(originalError as BffError | undefined)?.code}`;

suite('what no tree names', () => {
  const guarded = guardSchema(plainSchema(), [{ Query: { shelf: anyone } }]);

  test('is refused to everyone on the roots, scalar or not', async () => {
    assert.deepEqual(await ask(guarded, '{ count }'), {
      data: { count: null },
      codes: ['count: FORBIDDEN'],
    });
    assert.deepEqual(await ask(guarded, 'mutation { clear }'), {
      data: { clear: null },
      codes: ['clear: FORBIDDEN'],
    });
  });

  test('is refused to everyone where it returns objects or lists of them', async () => {
    assert.deepEqual(await ask(guarded, '{ shelf { label book { title } books { title } } }'), {
      data: { shelf: { label: 'A', book: null, books: null } },
      codes: ['shelf.book: FORBIDDEN', 'shelf.books: FORBIDDEN'],
    });
  });

  test('keeps its resolver where it is a scalar, so that nothing is spent on it', () => {
    assert.equal(resolverOf(guarded, 'Shelf', 'label'), undefined);
    assert.equal(resolverOf(guarded, 'Book', 'title'), undefined);
    assert.notEqual(resolverOf(guarded, 'Shelf', 'book'), undefined);
  });

  test('is refused on the root of subscriptions as well', () => {
    const schema = makeExecutableSchema({
      typeDefs: 'type Query { a: Int } type Subscription { ticks: Int }',
    });
    assert.notEqual(resolverOf(guardSchema(schema, []), 'Subscription', 'ticks'), undefined);
  });

  test('does not run its resolver when it is refused', async () => {
    let ran = false;
    const schema = plainSchema(() => {
      ran = true;
      return SHELF;
    });
    await ask(guardSchema(schema, []), '{ shelf { label } }');
    assert.equal(ran, false);
  });
});

suite('a rule', () => {
  test('of a scalar with a default resolver holds', async () => {
    const guarded = guardSchema(plainSchema(), [
      { Query: { shelf: anyone }, Shelf: { secret: staff() } },
    ]);
    assert.deepEqual(await ask(guarded, '{ shelf { label secret } }', 'customer'), {
      data: { shelf: { label: 'A', secret: null } },
      codes: ['shelf.secret: FORBIDDEN'],
    });
    assert.deepEqual((await ask(guarded, '{ shelf { secret } }')).data.shelf, { secret: 'key' });
  });

  test('that leaves a field as open as its parent leaves its resolver alone', () => {
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
    ['that a root inherits, from nobody', [{ Query: { shelf: inherited } }], /\bQuery\.shelf\b/],
    ['that nobody made of its atom', [{ Shelf: { label: staff } }], /\bShelf\.label\b/],
    ['given twice', [{ Shelf: { book: staff() } }, { Shelf: { book: anyone } }], /\bShelf\.book\b/],
  ];
  for (const [what, trees, message] of mistakes) {
    test(`${what} is refused by name`, () => {
      assert.throws(() => guardSchema(plainSchema(), trees as PermissionTree[]), { message });
    });
  }
});

suite('the error of an upstream', () => {
  test('that a resolver throws behind a rule is not "forbidden"', async () => {
    const schema = plainSchema(() => {
      throw down();
    });
    assert.deepEqual(
      await ask(guardSchema(schema, [{ Query: { shelf: staff() } }]), '{ shelf { label } }'),
      {
        data: { shelf: null },
        codes: ['shelf: UPSTREAM_UNAVAILABLE'],
      },
    );
  });

  const loaders: [how: string, ownerOf: () => string | Promise<string>][] = [
    [
      'throws at once',
      () => {
        throw down();
      },
    ],
    ['answers late', () => Promise.reject(down())],
  ];
  for (const [how, ownerOf] of loaders) {
    test(`that a rule's loading ${how} is not "forbidden"`, async () => {
      const tree = { Query: { shelf: ownerOrStaff('shelf', ownerOf) } };
      const guarded = guardSchema(plainSchema(), [tree]);
      assert.deepEqual(await ask(guarded, '{ shelf { label } }', 'customer'), {
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

suite('every way to what is guarded, also through interfaces and unions', () => {
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
  const ways = pathsTo(schema, guarded).flatMap((path) =>
    [...documentsFor(schema, path, '', guarded)].map(([how, asked]) => ({ path, how, asked })),
  );

  async function valuesFor(role: Viewer['role'], guardedSchema: GraphQLSchema, asked: Asked) {
    const { query: source, operationName, variables: variableValues } = asked;
    const contextValue = { viewer: { role, id: '1' } };
    const result = await graphql({
      schema: guardedSchema,
      source,
      operationName,
      variableValues,
      contextValue,
    });
    assert.ok(result.data, `${source}: ${result.errors}`);
    return asked.places.flatMap((place) => valuesAt(result.data, place));
  }

  /** The manners in which somebody comes as far as a value of a field. */
  async function mannersThatReach(
    field: string,
    role: Viewer['role'],
    guardedSchema: GraphQLSchema,
  ) {
    const reached = new Set<string>();
    for (const { how, asked } of ways.filter(({ path }) => path.target === field)) {
      if ((await valuesFor(role, guardedSchema, asked)).length > 0) reached.add(how);
    }
    return reached;
  }

  /** All manners to a field, with nothing on the way that has a rule. */
  const mannersTo = (field: string) =>
    ways
      .filter(({ path }) => path.target === field)
      .filter(({ path }) => path.steps.slice(0, -1).every((step) => !guarded.has(nameOf(step))))
      .map(({ how }) => how);

  test('goes in every manner', () => {
    assert.deepEqual(new Set(ways.map(({ how }) => how)), new Set(Object.keys(MANNERS)));
    assert.deepEqual(new Set(ways.map(({ path }) => path.target)), guarded);
  });

  for (const field of guarded) {
    test(`leads to ${field} for those who may see it, and for nobody else`, async () => {
      const guardedSchema = guardSchema(schema, [tree]);
      const everyManner = ways.filter(({ path }) => path.target === field).map(({ how }) => how);
      const reached = await mannersThatReach(field, 'staff', guardedSchema);
      assert.deepEqual(reached, new Set(everyManner));
      for (const role of ['customer', 'anonymous', 'partner'] as const) {
        const found = await mannersThatReach(field, role, guardedSchema);
        assert.deepEqual(found, new Set(), role);
      }
    });

    test(`is found open, in every manner, when the rule of ${field} is gone`, async () => {
      const [type = '', name = ''] = field.split('.');
      const without = { ...tree, [type]: { ...tree[type], [name]: inherited } };
      const reached = await mannersThatReach(field, 'customer', guardSchema(schema, [without]));
      assert.deepEqual([...new Set(mannersTo(field)).difference(reached)], []);
    });
  }
});

function resolverOf(schema: GraphQLSchema, typeName: string, field: string): unknown {
  const type = schema.getType(typeName);
  assert.ok(isObjectType(type));
  return type.getFields()[field]?.resolve;
}
