import { makeExecutableSchema } from '@graphql-tools/schema';
import fastify from 'fastify';
import mercurius, { type MercuriusContext, type MercuriusLoaders } from 'mercurius';
import mercuriusAuth from 'mercurius-auth';
import type { WireOrder } from '../upstream/data.ts';
import { createUndiciGetJson } from './conventional/get-json.ts';
import { ENUMS } from './conventional/resolvers.ts';
import { createServiceReads } from './conventional/service-reads.ts';
import { schemaName, typeDefs } from './environment.ts';
import { createTokenVerifier, type Viewer } from './token-verifier.ts';

// Mercurius as documented: queries compiled by graphql-jit, its own loaders, mercurius-auth.

const { ErrorWithProps } = mercurius;
const reads = createServiceReads(createUndiciGetJson());
const verifyToken = createTokenVerifier();

type Queries<Parent> = readonly { readonly obj: Parent }[];
type Dashboard = { readonly id: string };

/** Loads each distinct key once. The loaders' own cache would do so too, but serialises every parent. */
async function loadByKey<Key extends string, Value>(
  keys: readonly Key[],
  read: (keys: readonly Key[]) => Promise<Value[]>,
): Promise<Value[]> {
  const distinct = [...new Set(keys)];
  const values = await read(distinct);
  const valueByKey = new Map(distinct.map((key, index) => [key, values[index] as Value]));
  return keys.map((key) => valueByKey.get(key) as Value);
}

const byParentKey = <Parent, Value>(
  keyOf: (parent: Parent) => string,
  read: (keys: readonly string[]) => Promise<Value[]>,
) => ({
  loader: (queries: Queries<Parent>) =>
    loadByKey(
      queries.map(({ obj }) => keyOf(obj)),
      read,
    ),
  opts: { cache: false },
});

const idOf = ({ id }: Dashboard) => id;
const SCHEMAS = {
  mobile: {
    roots: { dashboard: (_: unknown, _args: unknown, { auth }: MercuriusContext) => auth?.viewer },
    loaders: {
      Dashboard: {
        user: byParentKey(idOf, reads.users),
        orders: byParentKey(idOf, reads.orders),
        notifications: byParentKey(idOf, reads.notifications),
      },
    },
    policy: { Query: { dashboard: 'user' } },
  },
  web: {
    roots: {
      recentOrders: (_: unknown, args: { first: number }) => reads.recentOrders(args.first),
    },
    loaders: { Order: { customer: byParentKey(({ userId }: WireOrder) => userId, reads.users) } },
    policy: { Query: { recentOrders: 'staff' } },
  },
};

const refuse = (code: string, message: string, status?: number) =>
  new ErrorWithProps(message, { code }, status);
const { roots, loaders, policy } = SCHEMAS[schemaName()];

const app = fastify();
await app.register(mercurius, {
  // Mercurius cannot map enum values to those of the services itself.
  schema: makeExecutableSchema({
    typeDefs: typeDefs(),
    resolvers: { ...ENUMS, Query: { announcements: reads.announcements, ...roots } },
  }),
  loaders: loaders as unknown as MercuriusLoaders,
  jit: 1,
});
// Its types describe an ES module, but it is a CommonJS one.
await app.register(mercuriusAuth.default, {
  mode: 'external',
  policy,
  async authContext({ reply }: MercuriusContext) {
    const viewer = await verifyToken(reply.request.headers.authorization).catch(() => {
      throw refuse('UNAUTHENTICATED', 'The token is invalid.', 401);
    });
    return { viewer };
  },
  async applyPolicy(required: string, _parent, _args, { auth }: MercuriusContext) {
    const viewer: Viewer | undefined = auth?.viewer;
    if (!viewer) return refuse('UNAUTHENTICATED', 'Send a bearer token.', 401);
    return required !== 'staff' || viewer.role === 'staff' || refuse('FORBIDDEN', 'Staff only.');
  },
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`listening on ${url}/graphql`);
process.once('SIGTERM', () => process.exit());
