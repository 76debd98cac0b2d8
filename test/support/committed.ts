import { getOperationAST } from 'graphql';
import type { BffDefinition } from '../../src/bff.ts';
import { type CommittedOperation, loadCommittedOperations } from '../../src/operations/index.ts';
import { buildSchema } from '../../src/server/build-schema.ts';

/** The committed operations of a BFF: queries and mutations, which a request runs, and subscriptions. */
export function committedOf(bff: BffDefinition) {
  const committed = loadCommittedOperations(bff.operations, buildSchema(bff));
  return {
    requests: committed.filter((each) => !isSubscription(each)),
    subscriptions: committed.filter(isSubscription),
  };
}

const isSubscription = ({ document }: CommittedOperation): boolean =>
  getOperationAST(document)?.operation === 'subscription';
