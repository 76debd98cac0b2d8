import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'graphql';
import { limitDocument, limitVariables } from '../../src/limits/document.ts';
import { type OperationLimits, STANDARD_LIMITS } from '../../src/limits/index.ts';

const LIMITS: OperationLimits = {
  ...STANDARD_LIMITS,
  depth: 4,
  fields: 10,
  aliases: 3,
  directives: 3,
  fragments: 100,
};

const check = (text: string) => limitDocument(parse(text), LIMITS);

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

describe('the limits of a document', () => {
  it('count fields wherever they come from', () => {
    check('{ a b { c d } ... { e } ...F } fragment F on Q { f { g h i } }');
    refuses('{ a b { c d } ... { e } ...F } fragment F on Q { f { g h i } j k }', 'fields', 11);
    refuses('{ a { ...F } b { ...F } } fragment F on Q { c d e f g }', 'fields', 12);
    refuses('{ a } query Other { a b c d e f g h i j k }', 'fields', 11);
  });

  it('measure a fragment once, however often it is taken apart', () => {
    refuses(`{ ...F0 } ${doubling(30)} fragment F30 on Q { a }`, 'fields', 2 ** 30);
  });

  it('count depth through fragments, and the root as 1', () => {
    check('{ a { b { c { d } } } }');
    refuses('{ a { b { c { d { e } } } } }', 'depth', 5);
    refuses('{ a { ...F } } fragment F on Q { b { ... { c { d { e } } } } }', 'depth', 5);
  });

  it('count aliases, those of __typename as well', () => {
    check('{ x: a y: a z: a }');
    refuses('{ a: __typename b: __typename c: __typename d: __typename }', 'aliases', 4);
    refuses('{ a { ...F } b { ...F } } fragment F on Q { x: c y: c }', 'aliases', 4);
  });

  it('count directives on whatever they stand', () => {
    check('query ($v: Int @d) { a @d ... @d { b } }');
    refuses('query ($v: Int @d) @d { a @d @d }', 'directives', 4);
    refuses('{ ...F @d @d } fragment F on Q @d { a @d }', 'directives', 4);
  });

  it('count fragments, and how often they are spread', () => {
    refuses(`{ ${'...F '.repeat(100)} } fragment F on Q { __typename }`, 'fragments', 101);
    refuses(
      `{ a } ${Array.from({ length: 101 }, (_, n) => `fragment F${n} on Q { a }`).join(' ')}`,
      'fragments',
      101,
    );
  });

  it('count the entries of lists that are given, also by variables', () => {
    const numbers = Array.from({ length: 101 }, (_, n) => n);
    check(`{ a(b: {c: [${numbers.slice(1).join()}]}) }`);
    refuses(`{ a(b: {c: [${numbers.join()}]}) }`, 'listSize', 101);
    limitVariables({ input: { items: numbers.slice(1), other: null } }, LIMITS);
    assert.throws(() => limitVariables({ input: { items: numbers } }, LIMITS), {
      code: 'QUERY_TOO_COMPLEX',
      details: { exceeded: 'listSize', limit: 100, actual: 101 },
    });
  });

  it('leave to validation what is not valid, and end in any case', () => {
    check('{ ...F } fragment F on Q { a ...G } fragment G on Q { ...F }');
    check('{ ...Missing }');
  });

  it('let the whole schema be asked for, where that is allowed at all', () => {
    check('{ __schema { types { fields { type { ofType { ofType { name } } } } } } }');
  });
});
