import { notFound } from '../errors.ts';
import type { CallContext } from '../upstream/call-context.ts';
import type { Upstream, UpstreamReply } from '../upstream/upstream.ts';
import { dateTime, expectId, hasNextPage, list, string, strings, urlOrNull } from './decode.ts';
import type { components } from './generated/user.ts';
import { createLoader } from './loader.ts';
import type { MutationResult, Page, PageRequest, ProblemCode, User } from './models.ts';
import { applied, changedTags, goneError, rejected, toProblems } from './mutation-result.ts';
import { bodyOf, pageBodyOf } from './reply.ts';
import { tagOf } from './tag.ts';
import { checkUserId, fromCursor, target, toCursor } from './target.ts';

type Wire = components['schemas'];

/** The changes to a user's own profile; undefined fields keep their value. */
export interface ProfileChange {
  readonly name?: string | null | undefined;
  readonly avatarUrl?: string | null | undefined;
  readonly locale?: string | null | undefined;
}

interface UserPageRequest extends PageRequest {
  readonly search?: string | null | undefined;
}

const PROBLEMS: Readonly<Record<string, ProblemCode>> = {
  blank: 'BLANK',
  too_long: 'TOO_LONG',
  not_a_url: 'INVALID_URL',
  unknown_locale: 'UNKNOWN_LOCALE',
};
const INPUTS = ['name', 'avatarUrl', 'locale'];

const userTag = (id: string): string => tagOf('User', id);

/** Creates the datasource of users. */
export function createUserSource(upstream: Upstream) {
  const byId = upstream.batch('usersByIds', {
    target: (ids) => target(['users'], { ids }),
    read: () => decodeBatch,
    missingKeyError: () => notFound('user'),
  });
  const search = upstream.read('searchUsers', 'public');
  const update = upstream.write('updateUser');

  return (call: CallContext) => {
    const users = createLoader((ids) => byId(ids, call));

    return {
      /**
       * @returns null if the account was deleted
       * @throws BffError NOT_FOUND if it never existed
       */
      async byId(id: string): Promise<User | null> {
        checkUserId(id);
        call.recorder?.addTags?.([userTag(id)]);
        return users.load(id);
      },

      /**
       * Users sorted by name, optionally only those whose name or email address contains `search`.
       */
      async page({ first, after, search: text }: UserPageRequest): Promise<Page<User>> {
        const cursor = fromCursor('users', after);
        const path = target(['users'], { search: text, limit: first, cursor });
        const page = await search({ target: path, items: first }, call, decodePage(cursor, first));
        call.recorder?.addTags?.(['users', ...page.edges.map(({ node }) => userTag(node.id))]);
        for (const { node } of page.edges) users.prime(node.id, node);
        return page;
      },

      async update(id: string, json: ProfileChange): Promise<MutationResult<User>> {
        const path = target(['users', { id: checkUserId(id) }]);
        users.clear(id);
        const tagsOf = (result?: MutationResult<User>) =>
          changedTags(result, [userTag(id), 'users']);
        const change = { method: 'PATCH', target: path, json, tagsOf } as const;
        const result = await update(change, call, decodeUpdate(id));
        if (result.value) users.prime(id, result.value);
        return result;
      },
    };
  };
}

function decodeBatch(reply: UpstreamReply<Wire['UserBatch']>): Map<string, User | null> {
  const body = bodyOf(reply);
  return new Map<string, User | null>([
    ...list(body.users, toUser).map((user) => [user.id, user] as const),
    ...strings(body.deleted).map((id) => [id, null] as const),
  ]);
}

const decodePage =
  (cursor: string | null, first: number) =>
  (reply: UpstreamReply<Wire['UserPage']>): Page<User> => {
    const body = pageBodyOf(reply, cursor);
    const toEdge = (wire: Wire['UserPage']['users'][number]) => ({
      cursor: toCursor('users', string(wire.cursor)),
      node: toUser(wire),
    });
    const edges = list(body.users, toEdge, first);
    return { edges, hasNextPage: hasNextPage(body.nextCursor) };
  };

export const decodeUpdate =
  (id: string) =>
  ({
    status,
    body,
  }: UpstreamReply<Wire['User'] & Wire['InvalidProblem']>): MutationResult<User> => {
    if (status === 200) return applied({ ...toUser(body), id: expectId(id, body.id) });
    if (status === 422) return rejected(toProblems(body, PROBLEMS, INPUTS));
    throw goneError(status, 'user');
  };

const toUser = (wire: Wire['User']): User => ({
  id: string(wire.id),
  name: string(wire.name),
  email: string(wire.email),
  avatarUrl: urlOrNull(wire.avatarUrl),
  locale: string(wire.locale),
  createdAt: dateTime(wire.createdAt),
});
