import type { DomainModule } from '../../bff.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

export const order: DomainModule = { schema: 'shared/order.graphql', resolvers, permissions };
