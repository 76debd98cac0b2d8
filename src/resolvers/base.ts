import type { DomainModule } from '../bff.ts';
import { DateTime, MinorUnits } from './scalars.ts';

/** What every BFF needs: the scalars, the roots, the shape of user errors. */
export const base: DomainModule = {
  schema: 'shared/base.graphql',
  resolvers: { DateTime, MinorUnits },
  permissions: {},
};
