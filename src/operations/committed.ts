import { basename } from 'node:path';
import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  Kind,
  parse,
  print,
  validate,
  visit,
} from 'graphql';
import { readGraphqlFiles } from '../graphql-files.ts';
import { type Operation, toOperation } from './operation.ts';

const TYPENAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/** An operation of a first-party client, read from the file of its name. */
export interface CommittedOperation extends Operation {
  readonly name: string;
  /** The form that caching clients send: reprinted, with `__typename` on every object. */
  readonly withTypenames: Operation;
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
  const names = document.definitions.flatMap((definition) =>
    definition.kind === Kind.OPERATION_DEFINITION ? [definition.name?.value] : [],
  );
  const faults = validate(schema, document).map((error) => error.message);
  if (names.length !== 1 || names[0] !== name) faults.push(`must hold one operation, ${name}`);
  if (faults.length > 0) throw new Error(`${name}.graphql: ${faults.join('; ')}`);
  const printed = toOperation(print(withTypenames(document)));
  return { name, ...toOperation(source), withTypenames: printed };
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
