import { type EdgeCache, keyOf, type Question, type Scope } from '../cache/index.ts';
import type { Viewer } from '../context.ts';
import type { Operation, Planner } from '../operations/index.ts';
import type { Caller } from './caller.ts';
import type { GraphqlRequest } from './graphql-request.ts';

export type QuestionMaker = (
  operation: Operation,
  asked: GraphqlRequest,
  caller: Pick<Caller, 'locale' | 'viewer'>,
) => Question | undefined;

/**
 * Puts what is asked into the form that answers are remembered by: everything that may change the
 * answer, and nothing else.
 * @param schemaName - the BFF and its schema's hash: what another schema answered is no answer here
 * @returns undefined where nothing is to be remembered or shared
 */
export function createQuestionMaker(
  schemaName: readonly string[],
  planOf: Planner,
  edge: EdgeCache,
): QuestionMaker {
  return ({ hash, document }, { operationName, variables }, { viewer, locale = '' }) => {
    const plan = planOf(document, operationName);
    if (!plan || !edge.concerns(plan.cache)) return undefined;
    const canonical = plan.canonical(variables);
    if (canonical === undefined) return undefined;
    const name = plan.definition.name?.value ?? '';
    const readers = readersOf(plan.cache.scope, viewer);
    const key = keyOf([...schemaName, hash, name, canonical, locale, ...readers]);
    return { key, policy: plan.cache };
  };
}

/** Who may get the same answer: everyone, all who may do the same, or this viewer alone. */
function readersOf(scope: Scope, viewer: Viewer): readonly string[] {
  if (scope === 'public') return ['public'];
  if (scope === 'role' || viewer.role === 'anonymous') return ['role', viewer.role];
  return ['user', viewer.issuer, viewer.id, viewer.role];
}
