import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'graphql';
import {
  enforceDocumentLimits,
  enforceVariableLimits,
} from '../../../src/operations/limits/document.ts';
import { type OperationLimits, STANDARD_LIMITS } from '../../../src/operations/limits/index.ts';
import type { IntrospectionLimits } from '../../../src/operations/limits/operation-limits.ts';

const LIMITS: OperationLimits = {
  ...STANDARD_LIMITS,
  depth: 4,
  fields: 10,
  aliases: 3,
  directives: 3,
  fragments: 100,
};

const check = (text: string) => enforceDocumentLimits(parse(text), LIMITS);

const refuses = (text: string, exceeded: string, actual: number) =>
  assert.throws(() => check(text), {
    code: 'QUERY_TOO_COMPLEX',
    details: { exceeded, limit: LIMITS[exceeded as keyof OperationLimits], actual },
  });

/** Fragments that each spread the next one twice. */
const doubling = (times: number): string =>
  Array.from({ length: times }, (_, n) => `fragment F${n} on Q { ...F${n + 1} ...F${n + 1} }`).join(
    ' ',
  );

describe('The limits of a document', () => {
  it('count the fields of all selections, fragments and operations', () => {
    check('{ a b { c d } ... { e } ...F } fragment F on Q { f { g h i } }');
    refuses('{ a b { c d } ... { e } ...F } fragment F on Q { f { g h i } j k }', 'fields', 11);
    refuses('{ a { ...F } b { ...F } } fragment F on Q { c d e f g }', 'fields', 12);
    refuses('{ a } query Other { a b c d e f g h i j k }', 'fields', 11);
  });

  it('measure a fragment once, however often it is spread', () => {
    refuses(`{ ...F0 } ${doubling(30)} fragment F30 on Q { a }`, 'fields', 2 ** 30);
  });

  it('count depth through fragments, and the root as 1', () => {
    check('{ a { b { c { d } } } }');
    refuses('{ a { b { c { d { e } } } } }', 'depth', 5);
    refuses('{ a { ...F } } fragment F on Q { b { ... { c { d { e } } } } }', 'depth', 5);
  });

  it('count aliases, also those of __typename', () => {
    check('{ x: a y: a z: a }');
    refuses('{ a: __typename b: __typename c: __typename d: __typename }', 'aliases', 4);
    refuses('{ a { ...F } b { ...F } } fragment F on Q { x: c y: c }', 'aliases', 4);
  });

  it('count directives in all positions', () => {
    check('query ($v: Int @d) { a @d ... @d { b } }');
    refuses('query ($v: Int @d) @d { a @d @d }', 'directives', 4);
    refuses('{ ...F @d @d } fragment F on Q @d { a @d }', 'directives', 4);
  });

  it('count fragments and their spreads', () => {
    refuses(`{ ${'...F '.repeat(100)} } fragment F on Q { __typename }`, 'fragments', 101);
    refuses(
      `{ a } ${Array.from({ length: 101 }, (_, n) => `fragment F${n} on Q { a }`).join(' ')}`,
      'fragments',
      101,
    );
  });

  it('count the entries of lists in arguments and in variables', () => {
    const numbers = Array.from({ length: 101 }, (_, n) => n);
    check(`{ a(b: {c: [${numbers.slice(1).join()}]}) }`);
    refuses(`{ a(b: {c: [${numbers.join()}]}) }`, 'listSize', 101);
    enforceVariableLimits({ input: { items: numbers.slice(1), other: null } }, LIMITS);
    assert.throws(() => enforceVariableLimits({ input: { items: numbers } }, LIMITS), {
      code: 'QUERY_TOO_COMPLEX',
      details: { exceeded: 'listSize', limit: 100, actual: 101 },
    });
  });

  it('leave invalid documents to validation, and end in any case', () => {
    check('{ ...F } fragment F on Q { a ...G } fragment G on Q { ...F }');
    check('{ ...Missing }');
  });

  it('leave introspection that has no limits of its own to validation', () => {
    check('{ __schema { types { fields { type { ofType { ofType { name } } } } } } }');
    refuses('{ __schema { a b c d e f g h i j } }', 'fields', 11);
    refuses('{ __schema { ...F } } fragment F on Q { a { b { c { d { e } } } } }', 'depth', 5);
  });
});

describe('The limits of introspection', () => {
  const INTROSPECTION: IntrospectionLimits = {
    introspectionDepth: 6,
    introspectionFields: 12,
    introspectionAliases: 2,
  };
  const measure = (text: string) => enforceDocumentLimits(parse(text), LIMITS, INTROSPECTION);
  const exceeds = (text: string, exceeded: string, actual: number) => {
    const limit = { ...LIMITS, ...INTROSPECTION }[exceeded as keyof OperationLimits];
    const details = { exceeded, limit, actual };
    assert.throws(() => measure(text), { code: 'QUERY_TOO_COMPLEX', details });
  };
  const DEEP = 'a { b { c { d { e { f } } } } }';

  it('count the fields below __schema and __type, and no others', () => {
    measure(`{ a b __schema { ${DEEP} } __type { g h i j k l } }`);
    exceeds(`{ __schema { ${DEEP} } __type { g h i j k l m } }`, 'introspectionFields', 13);
    exceeds(`{ __schema { x { ${DEEP} } } }`, 'introspectionDepth', 7);
    exceeds('{ __schema { a } b { c { d { e { f } } } } }', 'depth', 5);
    exceeds('{ __schema { a } b c d e f g h i j k }', 'fields', 11);
  });

  it('count aliases of __schema and __type and below them separately', () => {
    measure('{ x: __schema { y: a } z: b w: b v: __typename }');
    exceeds('{ x: __schema { y: a z: a } }', 'introspectionAliases', 3);
    exceeds('{ x: __type { a } y: __type { a } z: __schema { a } }', 'introspectionAliases', 3);
    exceeds('{ x: __schema { ...F } } fragment F on Q { y: a z: a }', 'introspectionAliases', 3);
    exceeds('{ __schema { y: a } z: b w: b v: b u: __typename }', 'aliases', 4);
    refuses('{ x: __schema { y: a } z: b w: b }', 'aliases', 4);
  });

  it('measure a fragment in each place where it is spread', () => {
    measure(`{ __schema { ...F } } fragment F on Q { ${DEEP} }`);
    measure(`fragment F on Q { ...G } fragment G on Q { ${DEEP} } query { __type { ...F } }`);
    exceeds(`{ a { ...F } __schema { ...F } } fragment F on Q { ${DEEP} }`, 'depth', 7);
    exceeds(`{ __schema { ...F } a { ...F } } fragment F on Q { ${DEEP} }`, 'depth', 7);
    exceeds(`{ ...F } fragment F on Q { __schema { x { ${DEEP} } } }`, 'introspectionDepth', 7);
  });

  it('measure a fragment once in each place, however often it is spread', () => {
    const fragments = `${doubling(30)} fragment F30 on Q { a }`;
    exceeds(`{ __schema { ...F0 } } ${fragments}`, 'introspectionFields', 2 ** 30);
    exceeds(`{ __schema { a } ...F0 } ${fragments}`, 'fields', 2 ** 30 + 1);
  });

  it('apply to fragments that no operation spreads as to data', () => {
    exceeds(`{ __schema { a } } fragment F on Q { ${DEEP} }`, 'depth', 6);
    exceeds(`{ a } fragment F on Q { __schema { x { ${DEEP} } } }`, 'introspectionDepth', 7);
    const twice = `fragment F on Q { x { ${DEEP} } } fragment F on Q { a }`;
    exceeds(`{ __schema { ...F } } ${twice}`, 'introspectionDepth', 7);
    exceeds(`{ ...F } ${twice}`, 'depth', 7);
  });
});
