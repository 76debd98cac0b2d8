import { z } from 'zod';
import { userId, userIds } from '../support/input.ts';
import { operation } from '../support/operation.ts';
import { nameCursor, pageLimit } from '../support/page.ts';
import { createStandIn, type ServiceOptions, type StandIn } from '../support/stand-in.ts';
import { openStore } from '../support/store.ts';
import { tagOf } from '../support/tag.ts';
import { issueToken, publicKeySet } from '../support/tokens.ts';
import { profileChange } from './profile.ts';
import { seedUsers } from './seed.ts';
import { createUsers, INDEXES, TABLES } from './users.ts';

const MAX_SEARCH_LENGTH = 200;
const MAX_TOKEN_LIFETIME_SECONDS = 30 * 86_400;

const userPage = {
  search: z.string().max(MAX_SEARCH_LENGTH).default(''),
  limit: pageLimit,
  cursor: nameCursor.optional(),
};

const tokenRequest = z.strictObject({
  userId,
  role: z.enum(['customer', 'staff']).optional(),
  expiresIn: z.int().min(1).max(MAX_TOKEN_LIFETIME_SECONDS).optional(),
});

export async function createUserService(options: ServiceOptions = {}): Promise<StandIn> {
  const { dataDir } = options;
  const db = openStore({
    name: 'user',
    dataDir,
    tables: TABLES,
    indexes: INDEXES,
    seed: seedUsers,
  });
  const users = createUsers(db);

  const app = createStandIn(
    'user',
    [
      operation({
        name: 'getUser',
        route: 'GET /users/:id',
        ownerId: ({ id }) => id,
        handle: ({ id }) => users.get(id),
      }),
      operation({
        name: 'usersByIds',
        route: 'GET /users',
        selector: 'ids',
        query: { ids: userIds },
        ownerId: () => undefined,
        handle: ({ query }) => users.byIds(query.ids),
      }),
      operation({
        name: 'searchUsers',
        route: 'GET /users',
        query: userPage,
        ownerId: () => undefined,
        handle: ({ query }) => users.search(query.search, query.limit, query.cursor),
      }),
      operation({
        name: 'updateUser',
        route: 'PATCH /users/:id',
        body: profileChange,
        actingUserId: ({ id }) => id,
        handle: ({ id, body }) => users.change(id, body),
        changedTags: ({ id }) => [tagOf('User', id), 'users'],
      }),
      operation({
        name: 'issueToken',
        route: 'POST /tokens',
        body: tokenRequest,
        isPublic: true,
        async handle({ body, reply }) {
          reply.code(201);
          return { token: await issueToken(body) };
        },
      }),
      operation({
        name: 'jwks',
        route: 'GET /.well-known/jwks.json',
        isPublic: true,
        handle: publicKeySet,
      }),
    ],
    options,
  );
  app.addHook('onClose', async () => db.close());
  return app;
}
