import { basename } from 'node:path';
import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  print,
  TokenKind,
  validate,
  visit,
} from 'graphql';
import { readGraphqlFiles } from '../graphql-files.ts';
import { documentHash, type Operation, toOperation } from './operation.ts';

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * The directives that make an operation available through other protocols. They are no part of the
 * operation that is executed: it has the same hash with and without them.
 */
const PROTOCOL_DIRECTIVES: ReadonlySet<string> = new Set(['rest', 'tool']);

/** An operation of a first-party client, read from the file of its name. */
export interface CommittedOperation extends Operation {
  readonly name: string;
  /** The comment above the operation; empty if there is none. */
  readonly description: string;
  readonly directives: readonly ConstDirectiveNode[];
  /** The form that caching clients send: reprinted, with `__typename` on every object. */
  readonly withTypenames: Operation;
  /** The hashes of both forms with the directives for other protocols, which clients may send, too. */
  readonly otherHashes: ReadonlyMap<string, Operation>;
}

/**
 * Reads the operations of a folder, one per `<Name>.graphql`.
 * @throws Error with the file name and all of its faults
 */
export function loadCommittedOperations(folder: URL, schema: GraphQLSchema): CommittedOperation[] {
  return readGraphqlFiles(folder).map(({ name, text }) =>
    readOperation(basename(name, '.graphql'), text, schema),
  );
}

function readOperation(name: string, source: string, schema: GraphQLSchema): CommittedOperation {
  const document = parseNamed(name, source);
  const [definition, ...others] = document.definitions.filter(
    ({ kind }) => kind === Kind.OPERATION_DEFINITION,
  ) as OperationDefinitionNode[];
  const faults = validate(schema, document).map((error) => error.message);
  const isNamed = definition?.name?.value === name && others.length === 0;
  if (!isNamed) faults.push(`must hold one operation, ${name}`);
  if (faults.length > 0 || !definition) throw new Error(`${name}.graphql: ${faults.join('; ')}`);
  const directives = protocolDirectivesOf(definition);
  const operation = toOperation(withoutDirectives(source, directives));
  const printed = toOperation(print(withTypenames(operation.document)));
  return {
    name,
    description: commentAbove(definition),
    directives,
    ...operation,
    withTypenames: printed,
    otherHashes: new Map([
      [documentHash(source), operation],
      [documentHash(print(withTypenames(document))), printed],
    ]),
  };
}

const protocolDirectivesOf = ({ directives = [] }: OperationDefinitionNode) =>
  (directives as readonly ConstDirectiveNode[]).filter(({ name }) =>
    PROTOCOL_DIRECTIVES.has(name.value),
  );

/** Removes directives from a text, with the space before each. */
const withoutDirectives = (source: string, directives: readonly ConstDirectiveNode[]): string =>
  directives.reduceRight(
    (text, { loc }) => (loc ? text.slice(0, loc.start).trimEnd() + text.slice(loc.end) : text),
    source,
  );

function commentAbove({ loc }: OperationDefinitionNode): string {
  const lines: string[] = [];
  let token = loc?.startToken.prev;
  while (token?.kind === TokenKind.COMMENT) {
    lines.unshift(token.value.trim());
    token = token.prev;
  }
  return lines.join(' ');
}

/** Selects `__typename` on every object except the root, as Apollo Client, urql and Relay do. */
function withTypenames(document: DocumentNode): DocumentNode {
  return visit(document, {
    SelectionSet(node, _key, parent) {
      const isRoot = 'operation' in (parent as object);
      const { selections } = node;
      return isRoot ? undefined : { ...node, selections: [...selections, TYPENAME] };
    },
  });
}

function parseNamed(name: string, source: string): DocumentNode {
  try {
    return parse(source);
  } catch (error) {
    throw new Error(`${name}.graphql: ${(error as Error).message}`, { cause: error });
  }
}
