import type { Resolvers } from '../generated.ts';
import { signedIn } from '../signed-in.ts';
import { toUserErrors } from '../user-errors.ts';

export const resolvers: Resolvers = {
  Query: {
    profile: (_parent, { id }, { datasources }) => datasources.users.byId(id),
  },
  Mutation: {
    updateProfile: async (_parent, { input }, context) => {
      const { users } = context.datasources;
      const { value, problems } = await users.update(signedIn(context).id, input);
      return { user: value, userErrors: toUserErrors(problems, ['input']) };
    },
  },
};
