import type { RequestContext } from '../src/context.ts';
import { notFound } from '../src/errors.ts';
import { signedIn } from '../src/resolvers/signed-in.ts';
import type { QueryResolvers, ResolversInterfaceTypes, ResolversTypes } from './generated.ts';

// Objects by an id that is unique across types, for caches that key all objects by one id (Relay). `id`
// keeps its meaning for released clients: it is unique among the objects of one type.

/** The notifications among which one is looked for: the service has no request for a single one. */
const NEWEST_NOTIFICATIONS = 50;

type Node = ResolversInterfaceTypes<ResolversTypes>['Node'];
type Load = (id: string, context: RequestContext) => Node | Promise<Node | null>;

/** @throws BffError NOT_FOUND, each */
const LOADERS = {
  Announcement: async (id, { datasources }) =>
    findById(await datasources.notifications.announcements(), id, 'announcement'),
  Notification: async (id, context) => {
    const { notifications } = context.datasources;
    const request = { first: NEWEST_NOTIFICATIONS };
    const { edges } = await notifications.byUser(signedIn(context).id, request);
    const nodes = edges.map(({ node }) => node);
    return findById(nodes, id, 'notification');
  },
  Order: (id, { datasources }) => datasources.orders.byId(id),
  Profile: (id, { datasources }) => datasources.users.byId(id),
  User: (id, { datasources }) => datasources.users.byId(id),
  Viewer: (id, context) => findById([signedIn(context)], id, 'viewer'),
} satisfies Record<string, Load>;

export type NodeType = keyof typeof LOADERS;

const loaders = new Map<string, Load>(Object.entries(LOADERS));

function findById<T extends { readonly id: string }>(
  all: readonly T[],
  id: string,
  what: string,
): T {
  const found = all.find((each) => each.id === id);
  if (!found) throw notFound(what);
  return found;
}

/** The type and the `id` of an object; no type for a text of another form. */
export function parseNodeId(nodeId: string): { readonly type: string; readonly id: string } {
  const [, type = '', id = ''] = /^(\w+):(.+)$/.exec(nodeId) ?? [];
  return { type, id };
}

/** The resolver of `nodeId` of one type. */
export const nodeIdOf = (type: NodeType) => ({
  nodeId: ({ id }: { readonly id: string }) => `${type}:${id}`,
});

/** The resolver of `Query.node`. */
export const node: NonNullable<QueryResolvers['node']> = async (
  _parent,
  { id: nodeId },
  context,
) => {
  const { type, id } = parseNodeId(nodeId);
  // The permission has refused other types.
  const found = await loaders.get(type)?.(id, context);
  return found ? { ...found, __typename: type } : null;
};
