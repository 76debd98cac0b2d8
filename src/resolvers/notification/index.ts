import type { DomainModule } from '../../bff.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

export const notification: DomainModule = {
  schema: 'shared/notification.graphql',
  resolvers,
  permissions,
};
