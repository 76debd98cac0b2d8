import {
  type CacheLookup,
  type CacheScope,
  joinKeyParts,
  type ResponseCache,
} from '../cache/index.ts';
import type { PreparedOperation } from '../operations/index.ts';
import type { Viewer } from '../viewer.ts';
import type { Caller } from './authenticate.ts';

export type QuestionMaker = (
  prepared: PreparedOperation,
  caller: Pick<Caller, 'locale' | 'viewer'>,
) => CacheLookup | undefined;

/**
 * Puts what is asked into the form that answers are remembered by: everything that may change the
 * answer, and nothing else.
 * @param schemaName - the BFF and its schema's hash: what another schema answered is no answer here
 * @returns undefined where nothing is to be remembered or shared
 */
export function createQuestionMaker(
  schemaName: readonly string[],
  edge: ResponseCache,
): QuestionMaker {
  const known = new WeakMap<PreparedOperation, string>();

  /** All but who asks. */
  function keyFor({ operation, definition, canonical }: PreparedOperation): string {
    return joinKeyParts([...schemaName, operation.hash, definition.name?.value ?? '', canonical]);
  }

  return (prepared, { viewer, locale = '' }) => {
    const { cache: policy } = prepared;
    if (!edge.isCacheable(policy)) return undefined;
    const key = known.get(prepared) ?? keyFor(prepared);
    known.set(prepared, key);
    return { key: key + joinKeyParts([locale, ...readersOf(policy.scope, viewer)]), policy };
  };
}

/** Who may get the same answer: everyone, all who may do the same, or this viewer alone. */
function readersOf(scope: CacheScope, viewer: Viewer): readonly string[] {
  if (scope === 'public') return ['public'];
  if (scope === 'role' || viewer.role === 'anonymous') return ['role', ...permissionsOf(viewer)];
  if (viewer.role === 'partner') return ['partner', viewer.partner, ...permissionsOf(viewer)];
  return ['user', viewer.issuer, viewer.id, ...permissionsOf(viewer)];
}

/** No scopes at all and an empty list of them are not the same. */
function permissionsOf(viewer: Viewer): readonly string[] {
  const scopes = 'scopes' in viewer ? viewer.scopes : undefined;
  return scopes ? [viewer.role, 'scopes', ...[...scopes].sort()] : [viewer.role];
}
