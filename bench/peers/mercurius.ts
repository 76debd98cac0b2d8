import { makeExecutableSchema } from '@graphql-tools/schema';
import fastify from 'fastify';
import mercurius, { type MercuriusContext, type MercuriusLoaders } from 'mercurius';
import mercuriusAuth from 'mercurius-auth';
import type { WireOrder } from '../upstream/data.ts';
import { type Caller, createTokenReader, schemaName, typeDefs } from './support.ts';
import { createUndiciAsk } from './usual/ask.ts';
import { createReads } from './usual/reads.ts';
import { ENUMS } from './usual/resolvers.ts';

// Mercurius as its documentation has it: compiled with jit, loaders of its own, mercurius-auth.

const { ErrorWithProps } = mercurius;
const reads = createReads(createUndiciAsk());
const viewerOf = createTokenReader();

type Queries<Parent> = readonly { readonly obj: Parent }[];
type Dashboard = { readonly id: string };

/** Several parents may have the same key; the loaders' own cache would serialise each parent. */
async function byKey<Key extends string, Value>(
  keys: readonly Key[],
  read: (keys: readonly Key[]) => Promise<Value[]>,
): Promise<Value[]> {
  const distinct = [...new Set(keys)];
  const values = await read(distinct);
  const known = new Map(distinct.map((key, at) => [key, values[at] as Value]));
  return keys.map((key) => known.get(key) as Value);
}

const ofParent = <Parent, Value>(
  keyOf: (parent: Parent) => string,
  read: (keys: readonly string[]) => Promise<Value[]>,
) => ({
  loader: (queries: Queries<Parent>) =>
    byKey(
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
        user: ofParent(idOf, reads.users),
        orders: ofParent(idOf, reads.orders),
        notifications: ofParent(idOf, reads.notifications),
      },
    },
    policy: { Query: { dashboard: 'user' } },
  },
  web: {
    roots: {
      recentOrders: (_: unknown, args: { first: number }) => reads.recentOrders(args.first),
    },
    loaders: { Order: { customer: ofParent(({ userId }: WireOrder) => userId, reads.users) } },
    policy: { Query: { recentOrders: 'staff' } },
  },
};

const refuse = (code: string, message: string, status?: number) =>
  new ErrorWithProps(message, { code }, status);
const { roots, loaders, policy } = SCHEMAS[schemaName()];

const app = fastify();
await app.register(mercurius, {
  // Mercurius itself has no way to say what enums are on the wire.
  schema: makeExecutableSchema({
    typeDefs: typeDefs(),
    resolvers: { ...ENUMS, Query: { announcements: reads.announcements, ...roots } },
  }),
  loaders: loaders as unknown as MercuriusLoaders,
  jit: 1,
});
// Its types are those of an ES module, and it is none.
await app.register(mercuriusAuth.default, {
  mode: 'external',
  policy,
  async authContext({ reply }: MercuriusContext) {
    const viewer = await viewerOf(reply.request.headers.authorization).catch(() => {
      throw refuse('UNAUTHENTICATED', 'The token is not valid.', 401);
    });
    return { viewer };
  },
  async applyPolicy(needed: string, _parent, _args, { auth }: MercuriusContext) {
    const viewer: Caller | undefined = auth?.viewer;
    if (!viewer) return refuse('UNAUTHENTICATED', 'Sign in first.', 401);
    return needed !== 'staff' || viewer.role === 'staff' || refuse('FORBIDDEN', 'For staff only.');
  },
});
const url = await app.listen({ host: '127.0.0.1', port: 0 });
console.log(`listening on ${url}/graphql`);
process.once('SIGTERM', () => process.exit());
