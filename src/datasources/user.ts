import { notFound } from '../errors.ts';
import type { Call } from '../upstream/call-context.ts';
import type { Reply, Upstream } from '../upstream/upstream.ts';
import type { components } from './generated/user.ts';
import { createMemo } from './memo.ts';
import type { Outcome, Page, PageRequest, ProblemCode, User } from './models.ts';
import { done, gone, refused, tagsChanged, toProblems, unexpected } from './outcome.ts';
import { asAsked, goesOn, instant, list, text, texts, webAddressOrNull } from './shape.ts';
import { tagOf } from './tag.ts';
import { badCursor, checkId, fromCursor, target, toCursor } from './target.ts';

type Wire = components['schemas'];

/** What a user may change of the own account; what is undefined stays. */
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

/** Users. */
export function createUserSource(upstream: Upstream) {
  const byId = upstream.batch('usersByIds', {
    target: (ids) => target(['users'], { ids }),
    read: () => readBatch,
    absent: () => notFound('user'),
  });
  const search = upstream.read('searchUsers', 'public');
  const update = upstream.write('updateUser');

  return (call: Call) => {
    const users = createMemo((id: string) => byId(id, call), String);

    return {
      /**
       * @returns null if the account was deleted
       * @throws BffError NOT_FOUND if it never was
       */
      async byId(id: string): Promise<User | null> {
        checkId(id);
        call.recorder?.touched?.([userTag(id)]);
        return users.load(id);
      },

      /** Users by name, or those whose name or mail address contains `search`. */
      async page({ first, after, search: text }: UserPageRequest): Promise<Page<User>> {
        const cursor = fromCursor('users', after);
        const path = target(['users'], { search: text, limit: first, cursor });
        const page = await search({ target: path, items: first }, call, readPage(cursor, first));
        call.recorder?.touched?.(['users', ...page.edges.map(({ node }) => userTag(node.id))]);
        for (const { node } of page.edges) users.prime(node.id, node);
        return page;
      },

      async update(id: string, json: ProfileChange): Promise<Outcome<User>> {
        const path = target(['users', checkId(id)]);
        users.clear(id);
        const tagsOf = (outcome?: Outcome<User>) => tagsChanged(outcome, [userTag(id), 'users']);
        const change = { method: 'PATCH', target: path, json, tagsOf } as const;
        const outcome = await update(change, call, readUpdate(id));
        if (outcome.value) users.prime(id, outcome.value);
        return outcome;
      },
    };
  };
}

function readBatch({ status, body }: Reply<Wire['UserBatch']>): Map<string, User | null> {
  if (status !== 200) throw unexpected(status);
  return new Map<string, User | null>([
    ...list(body.users, toUser).map((user) => [user.id, user] as const),
    ...texts(body.deleted).map((id) => [id, null] as const),
  ]);
}

const readPage =
  (cursor: string | null, first: number) =>
  ({ status, body }: Reply<Wire['UserPage']>): Page<User> => {
    if (status === 400 && cursor !== null) throw badCursor();
    if (status !== 200) throw unexpected(status);
    const toEdge = (wire: Wire['UserPage']['users'][number]) => ({
      cursor: toCursor('users', text(wire.cursor)),
      node: toUser(wire),
    });
    const edges = list(body.users, toEdge, first);
    return { edges, hasMore: goesOn(body.nextCursor) };
  };

const readUpdate =
  (id: string) =>
  ({ status, body }: Reply<Wire['User'] & Wire['InvalidProblem']>): Outcome<User> => {
    if (status === 200) return done({ ...toUser(body), id: asAsked(id, body.id) });
    if (status === 422) return refused(toProblems(body, PROBLEMS, INPUTS));
    throw gone(status, 'user');
  };

const toUser = (wire: Wire['User']): User => ({
  id: text(wire.id),
  name: text(wire.name),
  email: text(wire.email),
  avatarUrl: webAddressOrNull(wire.avatarUrl),
  locale: text(wire.locale),
  createdAt: instant(wire.createdAt),
});
