import { badInput } from '../../errors.ts';
import type { Resolvers } from '../generated.ts';
import { signedIn } from '../signed-in.ts';
import { toUserErrors } from '../user-errors.ts';

const MOST_IDS = 100;

export const resolvers: Resolvers = {
  Query: {
    announcements: (_parent, _args, { datasources }) => datasources.notifications.announcements(),
  },
  Mutation: {
    markNotificationsRead: async (_parent, { ids }, context) => {
      if (ids.length < 1 || ids.length > MOST_IDS) {
        throw badInput(`"ids" must have 1 to ${MOST_IDS} entries, not ${ids.length}.`);
      }
      const { notifications } = context.datasources;
      const { value, problems } = await notifications.markRead(signedIn(context).id, ids);
      return { notifications: value ?? [], userErrors: toUserErrors(problems, ['ids']) };
    },
  },
  MarkNotificationsReadPayload: {
    unreadCount: (_parent, _args, context) =>
      context.datasources.notifications.unreadCount(signedIn(context).id),
  },
};
