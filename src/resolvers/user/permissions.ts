import { anyone, authenticated, inherited, type PermissionTree } from '../../auth/rules.ts';

export const permissions: PermissionTree = {
  Query: { profile: anyone },
  Mutation: { updateProfile: authenticated },
  UpdateProfilePayload: { user: inherited, userErrors: inherited },
};
