import { publicKeySet } from '../../services/support/tokens.ts';
import { LIST_LENGTH } from './data.ts';
import { parseQuery } from './parse-query.ts';
import { createResponseParts } from './response-parts.ts';

/** The service of a route; it determines the delay. */
export type Service = 'user' | 'order' | 'notification';

/** Response delay of each service, in milliseconds. */
export type Delays = Readonly<Record<Service, number>>;

export interface UpstreamResponse {
  readonly service: Service;
  /** Name under which the call is counted. */
  readonly route: string;
  readonly status: number;
  readonly body: readonly Buffer[];
}

const NOT_FOUND = [Buffer.from('{"code":"not_found"}')];
const INVALID = [Buffer.from('{"code":"invalid","errors":[]}')];
const MAX_IDS = 100;

const ends = (open: string, close: string) => ({
  open: Buffer.from(open),
  close: Buffer.from(close),
});
const USERS = ends('{"users":[', '],"deleted":[]}');
const LISTS = ends('{"lists":[', ']}');
const COUNTS = ends('{"counts":[', ']}');

/**
 * Creates the router of all three services: a target such as `/orders?users=1,2&limit=10` gets the
 * response that services/*\/openapi.yaml describes. The only write is a user's name.
 */
export function createRoutes(): (
  target: string,
  patchBody: string | undefined,
) => UpstreamResponse {
  const { announcements, recent, single, batch, rename } = createResponseParts();
  const keys = [Buffer.from(JSON.stringify(publicKeySet()))];

  return (target, patchBody) => {
    const [path = '', query = ''] = target.split('?', 2);
    const parameters = parseQuery(query);
    const { user } = parameters;
    const users = parseIds(parameters.users ?? parameters.ids);
    const invalid = (service: Service): UpstreamResponse => ({
      service,
      route: 'invalid',
      status: 400,
      body: INVALID,
    });
    const answer = (
      service: Service,
      route: string,
      body: Buffer[] | undefined,
    ): UpstreamResponse => ({
      service,
      route,
      status: body ? 200 : 404,
      body: body ?? NOT_FOUND,
    });

    switch (path) {
      case '/users':
        if (!users) return invalid('user');
        return answer('user', 'usersByIds', batch('user', users, USERS));
      case '/orders':
        if (parameters.recent) {
          return answer('order', 'recentOrders', recent(Number(parameters.recent)));
        }
        if (!isPreparedList(parameters)) return invalid('order');
        if (user) return answer('order', 'ordersByUser', single('orderPage', user));
        if (!users) return invalid('order');
        return answer('order', 'ordersByUsers', batch('orderList', users, LISTS));
      case '/notifications':
        if (!isPreparedList(parameters)) return invalid('notification');
        if (user) {
          const page = single('notificationPage', user);
          return answer('notification', 'notificationsByUser', page);
        }
        if (!users) return invalid('notification');
        return answer(
          'notification',
          'notificationsByUsers',
          batch('notificationList', users, LISTS),
        );
      case '/unread':
        if (user) return answer('notification', 'unreadByUser', single('unread', user));
        if (!users) return invalid('notification');
        return answer('notification', 'unreadByUsers', batch('unreadEntry', users, COUNTS));
      case '/announcements':
        return answer('notification', 'announcements', announcements);
      case '/.well-known/jwks.json':
        return answer('user', 'jwks', keys);
      default: {
        const id = /^\/users\/([\w-]+)$/.exec(path)?.[1];
        if (!id) return answer('user', 'unknown', undefined);
        if (patchBody === undefined) return answer('user', 'userById', single('user', id));
        rename(id, (JSON.parse(patchBody) as { name: string }).name);
        return answer('user', 'updateUser', single('user', id));
      }
    }
  };
}

function parseIds(text: string | undefined): string[] | undefined {
  const ids = text?.split(',');
  return ids && ids.length <= MAX_IDS ? ids : undefined;
}

/** Only complete lists are prepared, so any other length or filter is refused. */
const isPreparedList = ({ limit, cursor, status, unread }: Record<string, string>): boolean =>
  Number(limit) === LIST_LENGTH && !cursor && !status && !unread;
