import { anyone, authenticated, inherited, type PermissionTree } from '../../auth/rules.ts';

export const permissions: PermissionTree = {
  Query: { profile: anyone },
  Mutation: { updateProfile: authenticated('profile:write') },
  UpdateProfilePayload: { user: inherited, userErrors: inherited },
};
