import { anyone, authenticated, inherited, type PermissionTree } from '../../auth/rules.ts';

export const permissions: PermissionTree = {
  Query: { announcements: anyone },
  Mutation: { markNotificationsRead: authenticated('notifications:write') },
  MarkNotificationsReadPayload: { notifications: inherited, userErrors: inherited },
};
