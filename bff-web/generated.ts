// Generated from schema/ by `npm run codegen`. Do not edit.

import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Announcement as AnnouncementModel, Money as MoneyModel, Notification as NotificationModel, Order as OrderModel, OrderItem as OrderItemModel, User as UserModel } from '../src/datasources/models.ts';
import type { SignedInViewer } from '../src/viewer.ts';
import type { RequestContext } from '../src/context.ts';
export type Maybe<T> = T | null;
export type InputMaybe<T> = T | null | undefined;
export type Omit<T, K extends keyof T> = Pick<T, Exclude<keyof T, K>>;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  DateTime: { input: string; output: string; }
  MinorUnits: { input: number; output: number; }
};

/** A message to everyone. */
export type Announcement = Node & {
  readonly __typename?: 'Announcement';
  /** The body, as plain text. */
  readonly body: Scalars['String']['output'];
  /** An opaque id. */
  readonly id: Scalars['ID']['output'];
  /** An id that no other object has. */
  readonly nodeId: Scalars['ID']['output'];
  /** The time of publication. */
  readonly publishedAt: Scalars['DateTime']['output'];
  /** The headline. */
  readonly title: Scalars['String']['output'];
};

/** The viewers who may share a cached response. */
export type CacheControlScope =
  /** Used for one viewer only. */
  | 'PRIVATE'
  /** Shared by all viewers with the same permissions, or by everyone if the field is public. */
  | 'PUBLIC';

/** The result of a cancellation. */
export type CancelOrderPayload = {
  readonly __typename?: 'CancelOrderPayload';
  /** The order; unchanged if it can no longer be cancelled. */
  readonly order?: Maybe<Order>;
  /** The reasons for rejecting the cancellation; empty if the order was cancelled. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The notifications after the change. */
export type MarkNotificationsReadPayload = {
  readonly __typename?: 'MarkNotificationsReadPayload';
  /** The viewer's notifications among the ids, all read now. */
  readonly notifications: ReadonlyArray<Notification>;
  /** The number of the viewer's unread notifications after the change. */
  readonly unreadCount?: Maybe<Scalars['Int']['output']>;
  /** One error for each id that is not a notification of the viewer. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** An amount of money. */
export type Money = {
  readonly __typename?: 'Money';
  /** The amount in the currency's smallest unit: 1999 is 19.99 euros with EUR and 1999 yen with JPY. */
  readonly amount: Scalars['MinorUnits']['output'];
  /** The ISO 4217 code of the currency. */
  readonly currency: Scalars['String']['output'];
};

/** All mutations. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Cancels an order that is not shipped yet. A cancelled order stays unchanged. */
  readonly cancelOrder?: Maybe<CancelOrderPayload>;
  /** Marks notifications of the viewer as read. Notifications that are already read stay unchanged. */
  readonly markNotificationsRead?: Maybe<MarkNotificationsReadPayload>;
  /** Places an order for the viewer. A repeated call with the same idempotency key returns the first order. */
  readonly placeOrder?: Maybe<PlaceOrderPayload>;
  /** Changes the given fields of the viewer's account. */
  readonly updateProfile?: Maybe<UpdateProfilePayload>;
};


/** All mutations. */
export type MutationCancelOrderArgs = {
  id: Scalars['ID']['input'];
};


/** All mutations. */
export type MutationMarkNotificationsReadArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};


/** All mutations. */
export type MutationPlaceOrderArgs = {
  input: PlaceOrderInput;
};


/** All mutations. */
export type MutationUpdateProfileArgs = {
  input: UpdateProfileInput;
};

/** An object that clients can load again by its id. */
export type Node = {
  /** An opaque id that no other object has, of whatever type: the key of this object in a client's cache, and the argument of `Query.node`. `id` is unique among the objects of one type only. */
  readonly nodeId: Scalars['ID']['output'];
};

/** A message to one user. */
export type Notification = Node & {
  readonly __typename?: 'Notification';
  /** The body, as plain text. */
  readonly body: Scalars['String']['output'];
  /** The time at which it was sent. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** An opaque id, the same wherever this notification appears. */
  readonly id: Scalars['ID']['output'];
  /** The subject. */
  readonly kind: NotificationKind;
  /** An id that no other object has. */
  readonly nodeId: Scalars['ID']['output'];
  /** The time at which the user read it; null while unread. */
  readonly readAt?: Maybe<Scalars['DateTime']['output']>;
  /** The headline. */
  readonly title: Scalars['String']['output'];
};

/** A page of notifications. */
export type NotificationConnection = {
  readonly __typename?: 'NotificationConnection';
  /** The notifications of this page, with their cursors. */
  readonly edges: ReadonlyArray<NotificationEdge>;
  /** The position of the page in the list. */
  readonly pageInfo: PageInfo;
};

/** A notification and its position in a list. */
export type NotificationEdge = {
  readonly __typename?: 'NotificationEdge';
  /** The position, for `after`. It stays valid when notifications are added or read. */
  readonly cursor: Scalars['String']['output'];
  /** The notification. */
  readonly node: Notification;
};

/** The subject of a notification. */
export type NotificationKind =
  /** A change of the user's account. */
  | 'ACCOUNT'
  /** A change of one of the user's orders. */
  | 'ORDER_UPDATE'
  /** An offer. */
  | 'PROMOTION';

/** A customer's purchase. */
export type Order = Node & {
  readonly __typename?: 'Order';
  /** The user who placed the order; null if the account was deleted. */
  readonly customer?: Maybe<User>;
  /** An opaque id, the same wherever this order appears. */
  readonly id: Scalars['ID']['output'];
  /** The ordered items, at least one. */
  readonly items: ReadonlyArray<OrderItem>;
  /** An id that no other object has. */
  readonly nodeId: Scalars['ID']['output'];
  /** The time at which the order was placed. */
  readonly placedAt: Scalars['DateTime']['output'];
  /** The progress of the order. */
  readonly status: OrderStatus;
  /** The total price. */
  readonly total: Money;
};

/** A page of orders. */
export type OrderConnection = {
  readonly __typename?: 'OrderConnection';
  /** The orders of this page, with their cursors. */
  readonly edges: ReadonlyArray<OrderEdge>;
  /** The position of the page in the list. */
  readonly pageInfo: PageInfo;
};

/** An order and its position in a list. */
export type OrderEdge = {
  readonly __typename?: 'OrderEdge';
  /** The position, for `after`. It stays valid when orders are added or change. */
  readonly cursor: Scalars['String']['output'];
  /** The order. */
  readonly node: Order;
};

/** One line of an order. */
export type OrderItem = {
  readonly __typename?: 'OrderItem';
  /** The product's name at the time of the order. */
  readonly name: Scalars['String']['output'];
  /** The number of units. */
  readonly quantity: Scalars['Int']['output'];
  /** The product's stock keeping unit, for ordering it again. */
  readonly sku: Scalars['ID']['output'];
  /** The price of one unit. */
  readonly unitPrice: Money;
};

/** An item to order. */
export type OrderItemInput = {
  /** The number of units, 1 to 99. */
  readonly quantity: Scalars['Int']['input'];
  /** The product's stock keeping unit. */
  readonly sku: Scalars['ID']['input'];
};

/** The progress of an order. */
export type OrderStatus =
  /** Cancelled; nothing is shipped. */
  | 'CANCELLED'
  /** Delivered to the customer. */
  | 'DELIVERED'
  /** Accepted; can still be cancelled. */
  | 'PLACED'
  /** In transit. */
  | 'SHIPPED';

/** The position of a page in its list (Relay Cursor Connections). */
export type PageInfo = {
  readonly __typename?: 'PageInfo';
  /** The cursor of the last edge, for `after` of the next page; null if the page is empty. */
  readonly endCursor?: Maybe<Scalars['String']['output']>;
  /** True if there is a next page. */
  readonly hasNextPage: Scalars['Boolean']['output'];
  /** True if the page was requested with a cursor, and so has a preceding page. */
  readonly hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first edge; null if the page is empty. */
  readonly startCursor?: Maybe<Scalars['String']['output']>;
};

/** An order to place. */
export type PlaceOrderInput = {
  /** The ISO 4217 code of the currency of payment. */
  readonly currency: Scalars['String']['input'];
  /** Chosen by the client, unique for each intended order, for example a UUID. Send the same key when you retry. 1 to 128 printable ASCII characters. */
  readonly idempotencyKey: Scalars['ID']['input'];
  /** 1 to 20 items. */
  readonly items: ReadonlyArray<OrderItemInput>;
};

/** The result of placing an order. */
export type PlaceOrderPayload = {
  readonly __typename?: 'PlaceOrderPayload';
  /** The order; null if it was rejected. */
  readonly order?: Maybe<Order>;
  /** The reasons for rejecting the order; empty if it was placed. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The public part of a user account. */
export type Profile = Node & {
  readonly __typename?: 'Profile';
  /** The URL of the user's picture; null if there is none. */
  readonly avatarUrl?: Maybe<Scalars['String']['output']>;
  /** The user's id. */
  readonly id: Scalars['ID']['output'];
  /** The display name, in any script. */
  readonly name: Scalars['String']['output'];
  /** An id that no other object has, not even the account. */
  readonly nodeId: Scalars['ID']['output'];
};

/** All queries. */
export type Query = {
  readonly __typename?: 'Query';
  /** Current announcements to everyone, newest first, at most a few dozen. */
  readonly announcements?: Maybe<ReadonlyArray<Announcement>>;
  /** All customers sorted by name, or those whose name or email address contains the search text. Staff only. */
  readonly customers?: Maybe<UserConnection>;
  /** The object with this id, if the viewer may see it; null for an account that was deleted. Notifications are found while they are among the viewer's 50 newest. */
  readonly node?: Maybe<Node>;
  /** One of the viewer's orders; staff can read the orders of all users. */
  readonly order?: Maybe<Order>;
  /** The public profile of a user; null if the account was deleted. */
  readonly profile?: Maybe<Profile>;
  /** The newest orders of all users. Staff only. */
  readonly recentOrders?: Maybe<ReadonlyArray<Order>>;
  /** The signed-in user. Without a token, it is null with an error. */
  readonly viewer?: Maybe<Viewer>;
};


/** All queries. */
export type QueryCustomersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  search?: InputMaybe<Scalars['String']['input']>;
};


/** All queries. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** All queries. */
export type QueryOrderArgs = {
  id: Scalars['ID']['input'];
};


/** All queries. */
export type QueryProfileArgs = {
  id: Scalars['ID']['input'];
};


/** All queries. */
export type QueryRecentOrdersArgs = {
  first?: Scalars['Int']['input'];
};

/** The HTTP methods of REST endpoints. */
export type RestMethod =
  /** Removes something. */
  | 'DELETE'
  /** Reads. For queries, and for no mutation. */
  | 'GET'
  /** Changes parts of something. */
  | 'PATCH'
  /** Creates something, or starts an action. */
  | 'POST'
  /** Replaces something. */
  | 'PUT';

/** The role of a viewer. */
export type Role =
  /** A customer, who can read only their own data. */
  | 'CUSTOMER'
  /** An employee, who can read the data of all users. */
  | 'STAFF';

/** Changes as they happen. One subscription has one field; its results come over server-sent events or WebSocket. A client that was not connected loads what it shows when it subscribes again. */
export type Subscription = {
  readonly __typename?: 'Subscription';
  /** A notification that the viewer has just received; null if it is not among the newest anymore. */
  readonly notificationReceived?: Maybe<Notification>;
  /** An order of the viewer that was placed or has changed. */
  readonly orderChanged?: Maybe<Order>;
};


/** Changes as they happen. One subscription has one field; its results come over server-sent events or WebSocket. A client that was not connected loads what it shows when it subscribes again. */
export type SubscriptionOrderChangedArgs = {
  id?: InputMaybe<Scalars['ID']['input']>;
};

/** Changes of an account. An omitted field stays unchanged. */
export type UpdateProfileInput = {
  /** The http(s) URL of the new picture; null removes the picture. */
  readonly avatarUrl?: InputMaybe<Scalars['String']['input']>;
  /** The new language and region, as a BCP 47 tag. */
  readonly locale?: InputMaybe<Scalars['String']['input']>;
  /** The new display name: 1 to 200 characters, not blank. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

/** The result of a profile change. */
export type UpdateProfilePayload = {
  readonly __typename?: 'UpdateProfilePayload';
  /** The changed account; null if the change was rejected. */
  readonly user?: Maybe<User>;
  /** The reasons for rejecting the change; empty if it was made. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** A user account, visible to its owner and to staff. */
export type User = Node & {
  readonly __typename?: 'User';
  /** The URL of the user's picture; null if there is none. */
  readonly avatarUrl?: Maybe<Scalars['String']['output']>;
  /** The time at which the account was created. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** The email address. */
  readonly email: Scalars['String']['output'];
  /** An opaque id, the same wherever this user appears. */
  readonly id: Scalars['ID']['output'];
  /** The preferred language and region, as a BCP 47 tag such as pt-BR. */
  readonly locale: Scalars['String']['output'];
  /** The display name, in any script. */
  readonly name: Scalars['String']['output'];
  /** An id that no other object has. */
  readonly nodeId: Scalars['ID']['output'];
  /** The user's orders, newest first. */
  readonly orders?: Maybe<OrderConnection>;
};


/** A user account, visible to its owner and to staff. */
export type UserOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  status?: InputMaybe<OrderStatus>;
};

/** A page of users. */
export type UserConnection = {
  readonly __typename?: 'UserConnection';
  /** The users of this page, with their cursors. */
  readonly edges: ReadonlyArray<UserEdge>;
  /** The position of the page in the list. */
  readonly pageInfo: PageInfo;
};

/** A user and its position in a list. */
export type UserEdge = {
  readonly __typename?: 'UserEdge';
  /** The position, for `after`. */
  readonly cursor: Scalars['String']['output'];
  /** The user. */
  readonly node: User;
};

/** The reason for rejecting an input: a message for people and a code for programs. */
export type UserError = {
  readonly __typename?: 'UserError';
  /** The reason, for programs. */
  readonly code: UserErrorCode;
  /** The path of the invalid argument, such as ["input", "items", "0", "sku"]; null if the error concerns the whole request. */
  readonly field?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** One sentence that says what is wrong and how to fix it. */
  readonly message: Scalars['String']['output'];
};

/** The reasons for rejecting an input. Codes may be added; their meaning never changes. */
export type UserErrorCode =
  /** The value is empty or only whitespace. */
  | 'BLANK'
  /** The list is empty; at least one item is required. */
  | 'EMPTY'
  /** This key was already used for another order. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The value is invalid for a reason without a code of its own. */
  | 'INVALID'
  /** The value is not an http or https URL. */
  | 'INVALID_URL'
  /** The order is shipped, so it can no longer be cancelled. */
  | 'NOT_CANCELLABLE'
  /** The viewer has no object with this id. */
  | 'NOT_FOUND'
  /** The number is out of range. */
  | 'OUT_OF_RANGE'
  /** The value has too many characters. */
  | 'TOO_LONG'
  /** The list has too many items. */
  | 'TOO_MANY'
  /** This currency is not supported. */
  | 'UNKNOWN_CURRENCY'
  /** This locale is not supported. */
  | 'UNKNOWN_LOCALE'
  /** There is no such product. */
  | 'UNKNOWN_SKU';

/** The user named by the token, and this user's data. */
export type Viewer = Node & {
  readonly __typename?: 'Viewer';
  /** The viewer's user id. */
  readonly id: Scalars['ID']['output'];
  /** An id that no other object has, not even the account. */
  readonly nodeId: Scalars['ID']['output'];
  /** The viewer's notifications, newest first. */
  readonly notifications?: Maybe<NotificationConnection>;
  /** The viewer's orders, newest first. */
  readonly orders?: Maybe<OrderConnection>;
  /** The viewer's role. */
  readonly role: Role;
  /** The number of all unread notifications of the viewer. */
  readonly unreadCount?: Maybe<Scalars['Int']['output']>;
  /** The viewer's account; null if it was deleted. */
  readonly user?: Maybe<User>;
};


/** The user named by the token, and this user's data. */
export type ViewerNotificationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  unreadOnly?: Scalars['Boolean']['input'];
};


/** The user named by the token, and this user's data. */
export type ViewerOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  status?: InputMaybe<OrderStatus>;
};



export type ResolverTypeWrapper<T> = Promise<T> | T;


export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;




/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  Node:
    | ( AnnouncementModel )
    | ( NotificationModel )
    | ( OrderModel )
    | ( UserModel )
    | ( UserModel )
    | ( SignedInViewer )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Announcement: ResolverTypeWrapper<AnnouncementModel>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  CacheControlScope: CacheControlScope;
  CancelOrderPayload: ResolverTypeWrapper<Omit<CancelOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  MarkNotificationsReadPayload: ResolverTypeWrapper<Omit<MarkNotificationsReadPayload, 'notifications'> & { notifications: ReadonlyArray<ResolversTypes['Notification']> }>;
  MinorUnits: ResolverTypeWrapper<Scalars['MinorUnits']['output']>;
  Money: ResolverTypeWrapper<MoneyModel>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Node: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['Node']>;
  Notification: ResolverTypeWrapper<NotificationModel>;
  NotificationConnection: ResolverTypeWrapper<Omit<NotificationConnection, 'edges'> & { edges: ReadonlyArray<ResolversTypes['NotificationEdge']> }>;
  NotificationEdge: ResolverTypeWrapper<Omit<NotificationEdge, 'node'> & { node: ResolversTypes['Notification'] }>;
  NotificationKind: NotificationKind;
  Order: ResolverTypeWrapper<OrderModel>;
  OrderConnection: ResolverTypeWrapper<Omit<OrderConnection, 'edges'> & { edges: ReadonlyArray<ResolversTypes['OrderEdge']> }>;
  OrderEdge: ResolverTypeWrapper<Omit<OrderEdge, 'node'> & { node: ResolversTypes['Order'] }>;
  OrderItem: ResolverTypeWrapper<OrderItemModel>;
  OrderItemInput: OrderItemInput;
  OrderStatus: OrderStatus;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  PlaceOrderInput: PlaceOrderInput;
  PlaceOrderPayload: ResolverTypeWrapper<Omit<PlaceOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  Profile: ResolverTypeWrapper<UserModel>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RestMethod: RestMethod;
  Role: Role;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: ResolverTypeWrapper<Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  User: ResolverTypeWrapper<UserModel>;
  UserConnection: ResolverTypeWrapper<Omit<UserConnection, 'edges'> & { edges: ReadonlyArray<ResolversTypes['UserEdge']> }>;
  UserEdge: ResolverTypeWrapper<Omit<UserEdge, 'node'> & { node: ResolversTypes['User'] }>;
  UserError: ResolverTypeWrapper<UserError>;
  UserErrorCode: UserErrorCode;
  Viewer: ResolverTypeWrapper<SignedInViewer>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Announcement: AnnouncementModel;
  Boolean: Scalars['Boolean']['output'];
  CancelOrderPayload: Omit<CancelOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  DateTime: Scalars['DateTime']['output'];
  ID: Scalars['ID']['output'];
  Int: Scalars['Int']['output'];
  MarkNotificationsReadPayload: Omit<MarkNotificationsReadPayload, 'notifications'> & { notifications: ReadonlyArray<ResolversParentTypes['Notification']> };
  MinorUnits: Scalars['MinorUnits']['output'];
  Money: MoneyModel;
  Mutation: Record<PropertyKey, never>;
  Node: ResolversInterfaceTypes<ResolversParentTypes>['Node'];
  Notification: NotificationModel;
  NotificationConnection: Omit<NotificationConnection, 'edges'> & { edges: ReadonlyArray<ResolversParentTypes['NotificationEdge']> };
  NotificationEdge: Omit<NotificationEdge, 'node'> & { node: ResolversParentTypes['Notification'] };
  Order: OrderModel;
  OrderConnection: Omit<OrderConnection, 'edges'> & { edges: ReadonlyArray<ResolversParentTypes['OrderEdge']> };
  OrderEdge: Omit<OrderEdge, 'node'> & { node: ResolversParentTypes['Order'] };
  OrderItem: OrderItemModel;
  OrderItemInput: OrderItemInput;
  PageInfo: PageInfo;
  PlaceOrderInput: PlaceOrderInput;
  PlaceOrderPayload: Omit<PlaceOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  Profile: UserModel;
  Query: Record<PropertyKey, never>;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  User: UserModel;
  UserConnection: Omit<UserConnection, 'edges'> & { edges: ReadonlyArray<ResolversParentTypes['UserEdge']> };
  UserEdge: Omit<UserEdge, 'node'> & { node: ResolversParentTypes['User'] };
  UserError: UserError;
  Viewer: SignedInViewer;
};

export type CacheControlDirectiveArgs = {
  inheritMaxAge?: Maybe<Scalars['Boolean']['input']>;
  maxAge?: Maybe<Scalars['Int']['input']>;
  scope?: Maybe<CacheControlScope>;
};

export type CacheControlDirectiveResolver<Result, Parent, ContextType = RequestContext, Args = CacheControlDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type CostDirectiveArgs = {
  weight: Scalars['Int']['input'];
};

export type CostDirectiveResolver<Result, Parent, ContextType = RequestContext, Args = CostDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type ListSizeDirectiveArgs = {
  assumedSize?: Maybe<Scalars['Int']['input']>;
  sizedFields?: Maybe<ReadonlyArray<Scalars['String']['input']>>;
  slicingArguments?: Maybe<ReadonlyArray<Scalars['String']['input']>>;
};

export type ListSizeDirectiveResolver<Result, Parent, ContextType = RequestContext, Args = ListSizeDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type RestDirectiveArgs = {
  method: RestMethod;
  path: Scalars['String']['input'];
};

export type RestDirectiveResolver<Result, Parent, ContextType = RequestContext, Args = RestDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type ToolDirectiveArgs = {
  name?: Maybe<Scalars['String']['input']>;
  title?: Maybe<Scalars['String']['input']>;
};

export type ToolDirectiveResolver<Result, Parent, ContextType = RequestContext, Args = ToolDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type AnnouncementResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Announcement'] = ResolversParentTypes['Announcement']> = {
  body?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  publishedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type CancelOrderPayloadResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['CancelOrderPayload'] = ResolversParentTypes['CancelOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type MarkNotificationsReadPayloadResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['MarkNotificationsReadPayload'] = ResolversParentTypes['MarkNotificationsReadPayload']> = {
  notifications?: Resolver<ReadonlyArray<ResolversTypes['Notification']>, ParentType, ContextType>;
  unreadCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export interface MinorUnitsScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['MinorUnits'], any> {
  name: 'MinorUnits';
}

export type MoneyResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Money'] = ResolversParentTypes['Money']> = {
  amount?: Resolver<ResolversTypes['MinorUnits'], ParentType, ContextType>;
  currency?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MutationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  cancelOrder?: Resolver<Maybe<ResolversTypes['CancelOrderPayload']>, ParentType, ContextType, RequireFields<MutationCancelOrderArgs, 'id'>>;
  markNotificationsRead?: Resolver<Maybe<ResolversTypes['MarkNotificationsReadPayload']>, ParentType, ContextType, RequireFields<MutationMarkNotificationsReadArgs, 'ids'>>;
  placeOrder?: Resolver<Maybe<ResolversTypes['PlaceOrderPayload']>, ParentType, ContextType, RequireFields<MutationPlaceOrderArgs, 'input'>>;
  updateProfile?: Resolver<Maybe<ResolversTypes['UpdateProfilePayload']>, ParentType, ContextType, RequireFields<MutationUpdateProfileArgs, 'input'>>;
};

export type NodeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Node'] = ResolversParentTypes['Node']> = {
  __resolveType: TypeResolveFn<'Announcement' | 'Notification' | 'Order' | 'Profile' | 'User' | 'Viewer', ParentType, ContextType>;
};

export type NotificationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Notification'] = ResolversParentTypes['Notification']> = {
  body?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['NotificationKind'], ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  readAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type NotificationConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['NotificationConnection'] = ResolversParentTypes['NotificationConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['NotificationEdge']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type NotificationEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['NotificationEdge'] = ResolversParentTypes['NotificationEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Notification'], ParentType, ContextType>;
};

export type OrderResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order']> = {
  customer?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  items?: Resolver<ReadonlyArray<ResolversTypes['OrderItem']>, ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  placedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type OrderConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OrderConnection'] = ResolversParentTypes['OrderConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['OrderEdge']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type OrderEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OrderEdge'] = ResolversParentTypes['OrderEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Order'], ParentType, ContextType>;
};

export type OrderItemResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OrderItem'] = ResolversParentTypes['OrderItem']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  unitPrice?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type PageInfoResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  hasPreviousPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
  startCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
};

export type PlaceOrderPayloadResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PlaceOrderPayload'] = ResolversParentTypes['PlaceOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ProfileResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Profile'] = ResolversParentTypes['Profile']> = {
  avatarUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type QueryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  announcements?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Announcement']>>, ParentType, ContextType>;
  customers?: Resolver<Maybe<ResolversTypes['UserConnection']>, ParentType, ContextType, RequireFields<QueryCustomersArgs, 'first'>>;
  node?: Resolver<Maybe<ResolversTypes['Node']>, ParentType, ContextType, RequireFields<QueryNodeArgs, 'id'>>;
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType, RequireFields<QueryOrderArgs, 'id'>>;
  profile?: Resolver<Maybe<ResolversTypes['Profile']>, ParentType, ContextType, RequireFields<QueryProfileArgs, 'id'>>;
  recentOrders?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Order']>>, ParentType, ContextType, RequireFields<QueryRecentOrdersArgs, 'first'>>;
  viewer?: Resolver<Maybe<ResolversTypes['Viewer']>, ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  notificationReceived?: SubscriptionResolver<Maybe<ResolversTypes['Notification']>, "notificationReceived", ParentType, ContextType>;
  orderChanged?: SubscriptionResolver<Maybe<ResolversTypes['Order']>, "orderChanged", ParentType, ContextType, Partial<SubscriptionOrderChangedArgs>>;
};

export type UpdateProfilePayloadResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['UpdateProfilePayload'] = ResolversParentTypes['UpdateProfilePayload']> = {
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type UserResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  avatarUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  email?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  locale?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  orders?: Resolver<Maybe<ResolversTypes['OrderConnection']>, ParentType, ContextType, RequireFields<UserOrdersArgs, 'first'>>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type UserConnectionResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['UserConnection'] = ResolversParentTypes['UserConnection']> = {
  edges?: Resolver<ReadonlyArray<ResolversTypes['UserEdge']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type UserEdgeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['UserEdge'] = ResolversParentTypes['UserEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
};

export type UserErrorResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type ViewerResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Viewer'] = ResolversParentTypes['Viewer']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  nodeId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  notifications?: Resolver<Maybe<ResolversTypes['NotificationConnection']>, ParentType, ContextType, RequireFields<ViewerNotificationsArgs, 'first' | 'unreadOnly'>>;
  orders?: Resolver<Maybe<ResolversTypes['OrderConnection']>, ParentType, ContextType, RequireFields<ViewerOrdersArgs, 'first'>>;
  role?: Resolver<ResolversTypes['Role'], ParentType, ContextType>;
  unreadCount?: Resolver<Maybe<ResolversTypes['Int']>, ParentType, ContextType>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type Resolvers<ContextType = RequestContext> = {
  Announcement?: AnnouncementResolvers<ContextType>;
  CancelOrderPayload?: CancelOrderPayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  MarkNotificationsReadPayload?: MarkNotificationsReadPayloadResolvers<ContextType>;
  MinorUnits?: GraphQLScalarType;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Node?: NodeResolvers<ContextType>;
  Notification?: NotificationResolvers<ContextType>;
  NotificationConnection?: NotificationConnectionResolvers<ContextType>;
  NotificationEdge?: NotificationEdgeResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderConnection?: OrderConnectionResolvers<ContextType>;
  OrderEdge?: OrderEdgeResolvers<ContextType>;
  OrderItem?: OrderItemResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  PlaceOrderPayload?: PlaceOrderPayloadResolvers<ContextType>;
  Profile?: ProfileResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  UpdateProfilePayload?: UpdateProfilePayloadResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserConnection?: UserConnectionResolvers<ContextType>;
  UserEdge?: UserEdgeResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
  Viewer?: ViewerResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = RequestContext> = {
  cacheControl?: CacheControlDirectiveResolver<any, any, ContextType>;
  cost?: CostDirectiveResolver<any, any, ContextType>;
  listSize?: ListSizeDirectiveResolver<any, any, ContextType>;
  rest?: RestDirectiveResolver<any, any, ContextType>;
  tool?: ToolDirectiveResolver<any, any, ContextType>;
};
