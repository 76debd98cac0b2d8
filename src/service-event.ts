/** The types of events that services send, as `<object>.<what happened>`. */
export const SERVICE_EVENT_TYPES = ['notification.created', 'order.changed'] as const;

export type ServiceEventType = (typeof SERVICE_EVENT_TYPES)[number];

/** A change that a service has made. It says what has changed, never how: the object is loaded when needed. */
export interface ServiceEvent {
  /** The same for every copy of the event, whatever way it came. */
  readonly id: string;
  readonly type: ServiceEventType;
  /** The id of the user whose object it is. */
  readonly user: string;
  /** The id of the object. */
  readonly object: string;
}

/** What a subscription is about: the events of one type about one user's objects, or about one object. */
export type Topic = `${ServiceEventType}:${'user' | 'object'}=${string}`;

export const userTopic = (type: ServiceEventType, user: string): Topic => `${type}:user=${user}`;

export const objectTopic = (type: ServiceEventType, object: string): Topic =>
  `${type}:object=${object}`;
