import type { RequestContext } from '../../context.ts';
import { objectTopic, type ServiceEvent, userTopic } from '../../service-event.ts';
import type { Resolvers } from '../generated.ts';
import { signedIn } from '../signed-in.ts';

// `subscribe` names the topic; `resolve` loads the object of each event, with the rights of the viewer then.
export const resolvers: Resolvers = {
  Subscription: {
    notificationReceived: {
      subscribe: (_parent, _args, context) =>
        context.listen(userTopic('notification.created', signedIn(context).id)),
      resolve: ({ object }: ServiceEvent, _args: object, context: RequestContext) =>
        context.datasources.notifications.received(signedIn(context).id, object),
    },
    orderChanged: {
      subscribe: (_parent, { id }, context) =>
        context.listen(
          id == null
            ? userTopic('order.changed', signedIn(context).id)
            : objectTopic('order.changed', id),
        ),
      resolve: ({ object }: ServiceEvent, _args: object, { datasources }: RequestContext) =>
        datasources.orders.byId(object),
    },
  },
};
