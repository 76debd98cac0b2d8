import { getOperationAST, Kind, print } from 'graphql';
import type { BffDefinition } from '../../src/bff.ts';
import { type CommittedOperation, loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';
import { USER_ID } from './bffs.ts';

/** A committed query of a BFF that needs no variables but ids, with values for them. */
export function committedQueryOf(bff: BffDefinition) {
  const committed = loadCommittedOperations(bff.operations, buildSchema(bff));
  const found = committed.find(isExecutable);
  if (!found) throw new Error(`${bff.name} has no committed query that needs ids only`);
  const ids = requiredVariablesOf(found).map(({ variable }) => [variable.name.value, USER_ID]);
  return { ...found, variables: Object.fromEntries(ids) as Record<string, string> };
}

function isExecutable(operation: CommittedOperation): boolean {
  const isQuery = getOperationAST(operation.document)?.operation === 'query';
  return isQuery && requiredVariablesOf(operation).every(({ type }) => print(type) === 'ID!');
}

const requiredVariablesOf = ({ document }: CommittedOperation) =>
  (getOperationAST(document)?.variableDefinitions ?? []).filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && !defaultValue,
  );
