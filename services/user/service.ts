import { z } from 'zod';
import { id, ids } from '../support/input.ts';
import { operation } from '../support/operation.ts';
import { nameCursor, pageLimit } from '../support/page.ts';
import { createStandIn, type ServiceOptions, type StandIn } from '../support/stand-in.ts';
import { openStore } from '../support/store.ts';
import { profileChange } from './profile.ts';
import { seedUsers } from './seed.ts';
import { issueToken, publicKeySet } from './tokens.ts';
import { createUsers, INDEXES, TABLES } from './users.ts';

const LONGEST_SEARCH = 200;
const LONGEST_TOKEN_LIFE = 30 * 86_400;

const userPage = {
  search: z.string().max(LONGEST_SEARCH).default(''),
  limit: pageLimit,
  cursor: nameCursor.optional(),
};

const tokenRequest = z.strictObject({
  userId: id,
  role: z.enum(['customer', 'staff']).optional(),
  expiresIn: z.int().min(1).max(LONGEST_TOKEN_LIFE).optional(),
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
      operation({ name: 'getUser', on: 'GET /users/:id', answer: ({ id }) => users.get(id) }),
      operation({
        name: 'usersByIds',
        on: 'GET /users',
        selector: 'ids',
        query: { ids },
        answer: ({ query }) => users.byIds(query.ids),
      }),
      operation({
        name: 'searchUsers',
        on: 'GET /users',
        query: userPage,
        answer: ({ query }) => users.search(query.search, query.limit, query.cursor),
      }),
      operation({
        name: 'updateUser',
        on: 'PATCH /users/:id',
        body: profileChange,
        actsFor: ({ id }) => id,
        answer: ({ id, body }) => users.change(id, body),
        changes: ({ id }) => [`User:${id}`, 'users'],
      }),
      operation({
        name: 'issueToken',
        on: 'POST /tokens',
        body: tokenRequest,
        isOpen: true,
        async answer({ body, reply }) {
          reply.code(201);
          return { token: await issueToken(body) };
        },
      }),
      operation({
        name: 'jwks',
        on: 'GET /.well-known/jwks.json',
        isOpen: true,
        answer: publicKeySet,
      }),
    ],
    options,
  );
  app.addHook('onClose', async () => db.close());
  return app;
}
