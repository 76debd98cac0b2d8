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
  // The same request comes again and again where it is read from an address: see graphql-request.ts.
  const known = new WeakMap<GraphqlRequest, Question>();

  /** All but who asks. */
  function prepare(operation: Operation, asked: GraphqlRequest): Question | undefined {
    const { operationName, variables } = asked;
    const plan = planOf(operation.document, operationName);
    if (!plan || !edge.concerns(plan.cache)) return undefined;
    const canonical = plan.canonical(variables);
    if (canonical === undefined) return undefined;
    const name = plan.definition.name?.value ?? '';
    const key = keyOf([...schemaName, operation.hash, name, canonical]);
    return { key, policy: plan.cache };
  }

  return (operation, asked, { viewer, locale = '' }) => {
    const question = known.get(asked) ?? prepare(operation, asked);
    if (!question) return undefined;
    known.set(asked, question);
    const { key, policy } = question;
    return { key: key + keyOf([locale, ...readersOf(policy.scope, viewer)]), policy };
  };
}

/** Who may get the same answer: everyone, all who may do the same, or this viewer alone. */
function readersOf(scope: Scope, viewer: Viewer): readonly string[] {
  if (scope === 'public') return ['public'];
  const scopes = 'scopes' in viewer && viewer.scopes ? [...viewer.scopes].sort() : [];
  const permissions = [viewer.role, String('scopes' in viewer), ...scopes];
  if (scope === 'role' || viewer.role === 'anonymous') return ['role', ...permissions];
  if (viewer.role === 'partner') return ['partner', viewer.partner, ...permissions];
  return ['user', viewer.issuer, viewer.id, ...permissions];
}
