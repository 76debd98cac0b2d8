import type { DomainModule } from '../../bff.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

/** Changes of orders and notifications, for BFFs that have both. */
export const subscription: DomainModule = {
  schema: 'shared/subscription.graphql',
  resolvers,
  permissions,
};
