import { publicKeySet } from '../../services/user/tokens.ts';
import { LIST_LENGTH } from './data.ts';
import { createFragments } from './fragments.ts';
import { readQuery } from './query.ts';

/** Which stand-in service a route belongs to: it decides the delay. */
export type Service = 'user' | 'order' | 'notification';

/** Milliseconds that each service lets its callers wait. */
export type Delays = Readonly<Record<Service, number>>;

export interface Answer {
  readonly service: Service;
  /** The name that the call is counted by. */
  readonly route: string;
  readonly status: number;
  readonly body: readonly Buffer[];
}

const NOT_FOUND = [Buffer.from('{"code":"not_found"}')];
const INVALID = [Buffer.from('{"code":"invalid","errors":[]}')];
const MOST_IDS = 100;

const ends = (open: string, close: string) => ({
  open: Buffer.from(open),
  close: Buffer.from(close),
});
const USERS = ends('{"users":[', '],"deleted":[]}');
const LISTS = ends('{"lists":[', ']}');
const COUNTS = ends('{"counts":[', ']}');

/**
 * Answers a target such as `/orders?users=1,2&limit=10`, as services/*\/openapi.yaml say. Nothing can
 * be changed but a user's name.
 */
export function createRoutes(): (target: string, change: string | undefined) => Answer {
  const { announcements, recent, single, batch, rename } = createFragments();
  const keys = [Buffer.from(JSON.stringify(publicKeySet()))];

  return (target, change) => {
    const [path = '', query = ''] = target.split('?', 2);
    const parameters = readQuery(query);
    const { user } = parameters;
    const users = listOf(parameters.users ?? parameters.ids);
    const invalid = (service: Service): Answer => ({
      service,
      route: 'invalid',
      status: 400,
      body: INVALID,
    });
    const answer = (service: Service, route: string, body: Buffer[] | undefined): Answer => ({
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
        if (!isWholeList(parameters)) return invalid('order');
        if (user) return answer('order', 'ordersByUser', single('orderPage', user));
        if (!users) return invalid('order');
        return answer('order', 'ordersByUsers', batch('orderList', users, LISTS));
      case '/notifications':
        if (!isWholeList(parameters)) return invalid('notification');
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
        if (change === undefined) return answer('user', 'userById', single('user', id));
        rename(id, (JSON.parse(change) as { name: string }).name);
        return answer('user', 'updateUser', single('user', id));
      }
    }
  };
}

function listOf(text: string | undefined): string[] | undefined {
  const ids = text?.split(',');
  return ids && ids.length <= MOST_IDS ? ids : undefined;
}

/** Only whole lists are kept ready, so whoever wants another length must not get a wrong one. */
const isWholeList = ({ limit, cursor, status, unread }: Record<string, string>): boolean =>
  Number(limit) === LIST_LENGTH && !cursor && !status && !unread;
