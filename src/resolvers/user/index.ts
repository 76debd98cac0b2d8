import type { DomainModule } from '../../bff.ts';
import { permissions } from './permissions.ts';
import { resolvers } from './resolvers.ts';

export const user: DomainModule = { schema: 'shared/user.graphql', resolvers, permissions };
