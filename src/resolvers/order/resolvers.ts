import type { Resolvers } from '../generated.ts';
import { signedIn } from '../signed-in.ts';
import { toUserErrors } from '../user-errors.ts';

export const resolvers: Resolvers = {
  Order: {
    customer: ({ customerId }, _args, { datasources }) => datasources.users.byId(customerId),
  },
  Mutation: {
    placeOrder: async (_parent, { input }, context) => {
      const { orders } = context.datasources;
      const { value, problems } = await orders.place(signedIn(context).id, input);
      return { order: value, userErrors: toUserErrors(problems, ['input']) };
    },
    cancelOrder: async (_parent, { id }, { datasources }) => {
      const { value, problems } = await datasources.orders.cancel(id);
      const order = value ?? (await datasources.orders.byId(id));
      return { order, userErrors: toUserErrors(problems, []) };
    },
  },
};
