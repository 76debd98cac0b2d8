import fc from 'fast-check';
import { BASE_TIME_MS, DAY_MS } from '../../../../services/support/cast.ts';
import { toCursor as toServiceCursor } from '../../../../services/support/page.ts';
import { toCursor } from '../../../../src/datasources/target.ts';
import type { Json } from '../../../support/environment.ts';
import { type Domain, mutationKind, UNKNOWN_ID } from '../domain.ts';

export const domain: Domain = {
  mutations: {
    markNotificationsRead: mutationKind({
      declared: '$ids: [ID!]!',
      variable: 'ids',
      details: fc.constantFrom(1, 1, 2, 5),
      async inputFor(services, owner, count) {
        const path = `/notifications?user=${owner}&unread=true&limit=${count}`;
        const { notifications } = await services.read('notification', path);
        return notifications.length > 0 ? notifications.map(({ id }: Json) => id) : [UNKNOWN_ID];
      },
      serviceCall: (userId, ids) => ({
        service: 'notification',
        path: '/notifications/read',
        body: { userId, ids },
      }),
    }),
  },
  cursors: {
    notifications: toCursor('notifications', toServiceCursor([BASE_TIME_MS - 90 * DAY_MS, 20_000])),
  },
};
