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
      { Query: { shelf: anyone }, Shelf: { secret: staff } },
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
    ['for a whole type', [{ Shelf: staff }], /\bShelf\b/],
    ['for all types', [{ '*': staff }], /\*/],
    ['for all fields of a type', [{ Shelf: { '*': staff } }], /\bShelf\b/],
    ['for all fields of all types', [{ '*': { '*': staff } }], /\*/],
    ['for a field that does not exist', [{ Shelf: { lable: staff } }], /\bShelf\.lable\b/],
    ['for a type that does not exist', [{ Shell: { label: staff } }], /\bShell\b/],
    ['for an interface, where it would guard nothing', [{ Thing: { title: staff } }], /\bThing\b/],
    ['that a root inherits, from nobody', [{ Query: { shelf: inherited } }], /\bQuery\.shelf\b/],
    ['given twice', [{ Shelf: { book: staff } }, { Shelf: { book: anyone } }], /\bShelf\.book\b/],
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
      await ask(guardSchema(schema, [{ Query: { shelf: staff } }]), '{ shelf { label } }'),
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

function resolverOf(schema: GraphQLSchema, typeName: string, field: string): unknown {
  const type = schema.getType(typeName);
  assert.ok(isObjectType(type));
  return type.getFields()[field]?.resolve;
}
