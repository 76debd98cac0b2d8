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
export type Announcement = {
  readonly __typename?: 'Announcement';
  /** The body, as plain text. */
  readonly body: Scalars['String']['output'];
  /** An opaque id. */
  readonly id: Scalars['ID']['output'];
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

/** The user named by the token, and this user's data. */
export type Me = {
  readonly __typename?: 'Me';
  /** The user's id. */
  readonly id: Scalars['ID']['output'];
  /** The user's orders, newest first. Requires the scope orders:read. */
  readonly orders?: Maybe<OrderPage>;
  /** The account; null if it was deleted. Requires the scope profile:read. */
  readonly user?: Maybe<User>;
};


/** The user named by the token, and this user's data. */
export type MeOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  status?: InputMaybe<OrderStatus>;
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

/** A message to one user. */
export type Notification = {
  readonly __typename?: 'Notification';
  /** The body, as plain text. */
  readonly body: Scalars['String']['output'];
  /** The time at which it was sent. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** An opaque id, the same wherever this notification appears. */
  readonly id: Scalars['ID']['output'];
  /** The subject. */
  readonly kind: NotificationKind;
  /** The time at which the user read it; null while unread. */
  readonly readAt?: Maybe<Scalars['DateTime']['output']>;
  /** The headline. */
  readonly title: Scalars['String']['output'];
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
export type Order = {
  readonly __typename?: 'Order';
  /** The user who placed the order; null if the account was deleted. */
  readonly customer?: Maybe<User>;
  /** An opaque id, the same wherever this order appears. */
  readonly id: Scalars['ID']['output'];
  /** The ordered items, at least one. */
  readonly items: ReadonlyArray<OrderItem>;
  /** The time at which the order was placed. */
  readonly placedAt: Scalars['DateTime']['output'];
  /** The progress of the order. */
  readonly status: OrderStatus;
  /** The total price. */
  readonly total: Money;
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

/** A page of orders. */
export type OrderPage = {
  readonly __typename?: 'OrderPage';
  /** The cursor of the next page, for `after`; null on the last page. It stays valid when orders are added or change. */
  readonly next?: Maybe<Scalars['String']['output']>;
  /** The orders of this page. */
  readonly orders: ReadonlyArray<Order>;
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
export type Profile = {
  readonly __typename?: 'Profile';
  /** The URL of the user's picture; null if there is none. */
  readonly avatarUrl?: Maybe<Scalars['String']['output']>;
  /** The user's id. */
  readonly id: Scalars['ID']['output'];
  /** The display name, in any script. */
  readonly name: Scalars['String']['output'];
};

/** All queries. */
export type Query = {
  readonly __typename?: 'Query';
  /** Current announcements to everyone, newest first, at most a few dozen. */
  readonly announcements?: Maybe<ReadonlyArray<Announcement>>;
  /** The user for whom the client acts. Requires a user's token; an API key belongs to no user. */
  readonly me?: Maybe<Me>;
  /** One order. Requires the scope orders:read. An API key reads the orders of all users, a user's token only the user's own. */
  readonly order?: Maybe<Order>;
  /** The public profile of a user; null if the account was deleted. */
  readonly profile?: Maybe<Profile>;
  /** The newest orders of all users. Requires an API key or a staff token with the scope orders:read. */
  readonly recentOrders?: Maybe<ReadonlyArray<Order>>;
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
export type User = {
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
  Me: ResolverTypeWrapper<SignedInViewer>;
  MinorUnits: ResolverTypeWrapper<Scalars['MinorUnits']['output']>;
  Money: ResolverTypeWrapper<MoneyModel>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  Notification: ResolverTypeWrapper<NotificationModel>;
  NotificationKind: NotificationKind;
  Order: ResolverTypeWrapper<OrderModel>;
  OrderItem: ResolverTypeWrapper<OrderItemModel>;
  OrderItemInput: OrderItemInput;
  OrderPage: ResolverTypeWrapper<Omit<OrderPage, 'orders'> & { orders: ReadonlyArray<ResolversTypes['Order']> }>;
  OrderStatus: OrderStatus;
  PlaceOrderInput: PlaceOrderInput;
  PlaceOrderPayload: ResolverTypeWrapper<Omit<PlaceOrderPayload, 'order'> & { order?: Maybe<ResolversTypes['Order']> }>;
  Profile: ResolverTypeWrapper<UserModel>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  RestMethod: RestMethod;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: ResolverTypeWrapper<Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversTypes['User']> }>;
  User: ResolverTypeWrapper<UserModel>;
  UserError: ResolverTypeWrapper<UserError>;
  UserErrorCode: UserErrorCode;
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
  Me: SignedInViewer;
  MinorUnits: Scalars['MinorUnits']['output'];
  Money: MoneyModel;
  Mutation: Record<PropertyKey, never>;
  Notification: NotificationModel;
  Order: OrderModel;
  OrderItem: OrderItemModel;
  OrderItemInput: OrderItemInput;
  OrderPage: Omit<OrderPage, 'orders'> & { orders: ReadonlyArray<ResolversParentTypes['Order']> };
  PlaceOrderInput: PlaceOrderInput;
  PlaceOrderPayload: Omit<PlaceOrderPayload, 'order'> & { order?: Maybe<ResolversParentTypes['Order']> };
  Profile: UserModel;
  Query: Record<PropertyKey, never>;
  String: Scalars['String']['output'];
  Subscription: Record<PropertyKey, never>;
  UpdateProfileInput: UpdateProfileInput;
  UpdateProfilePayload: Omit<UpdateProfilePayload, 'user'> & { user?: Maybe<ResolversParentTypes['User']> };
  User: UserModel;
  UserError: UserError;
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
  publishedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
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

export type MeResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Me'] = ResolversParentTypes['Me']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  orders?: Resolver<Maybe<ResolversTypes['OrderPage']>, ParentType, ContextType, RequireFields<MeOrdersArgs, 'first'>>;
  user?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
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

export type NotificationResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Notification'] = ResolversParentTypes['Notification']> = {
  body?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  createdAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['NotificationKind'], ParentType, ContextType>;
  readAt?: Resolver<Maybe<ResolversTypes['DateTime']>, ParentType, ContextType>;
  title?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type OrderResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Order'] = ResolversParentTypes['Order']> = {
  customer?: Resolver<Maybe<ResolversTypes['User']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  items?: Resolver<ReadonlyArray<ResolversTypes['OrderItem']>, ParentType, ContextType>;
  placedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  status?: Resolver<ResolversTypes['OrderStatus'], ParentType, ContextType>;
  total?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type OrderItemResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OrderItem'] = ResolversParentTypes['OrderItem']> = {
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  quantity?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  sku?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  unitPrice?: Resolver<ResolversTypes['Money'], ParentType, ContextType>;
};

export type OrderPageResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['OrderPage'] = ResolversParentTypes['OrderPage']> = {
  next?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  orders?: Resolver<ReadonlyArray<ResolversTypes['Order']>, ParentType, ContextType>;
};

export type PlaceOrderPayloadResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['PlaceOrderPayload'] = ResolversParentTypes['PlaceOrderPayload']> = {
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType>;
  userErrors?: Resolver<ReadonlyArray<ResolversTypes['UserError']>, ParentType, ContextType>;
};

export type ProfileResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Profile'] = ResolversParentTypes['Profile']> = {
  avatarUrl?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  name?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  announcements?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Announcement']>>, ParentType, ContextType>;
  me?: Resolver<Maybe<ResolversTypes['Me']>, ParentType, ContextType>;
  order?: Resolver<Maybe<ResolversTypes['Order']>, ParentType, ContextType, RequireFields<QueryOrderArgs, 'id'>>;
  profile?: Resolver<Maybe<ResolversTypes['Profile']>, ParentType, ContextType, RequireFields<QueryProfileArgs, 'id'>>;
  recentOrders?: Resolver<Maybe<ReadonlyArray<ResolversTypes['Order']>>, ParentType, ContextType, RequireFields<QueryRecentOrdersArgs, 'first'>>;
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
};

export type UserErrorResolvers<ContextType = RequestContext, ParentType extends ResolversParentTypes['UserError'] = ResolversParentTypes['UserError']> = {
  code?: Resolver<ResolversTypes['UserErrorCode'], ParentType, ContextType>;
  field?: Resolver<Maybe<ReadonlyArray<ResolversTypes['String']>>, ParentType, ContextType>;
  message?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type Resolvers<ContextType = RequestContext> = {
  Announcement?: AnnouncementResolvers<ContextType>;
  CancelOrderPayload?: CancelOrderPayloadResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  MarkNotificationsReadPayload?: MarkNotificationsReadPayloadResolvers<ContextType>;
  Me?: MeResolvers<ContextType>;
  MinorUnits?: GraphQLScalarType;
  Money?: MoneyResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  Notification?: NotificationResolvers<ContextType>;
  Order?: OrderResolvers<ContextType>;
  OrderItem?: OrderItemResolvers<ContextType>;
  OrderPage?: OrderPageResolvers<ContextType>;
  PlaceOrderPayload?: PlaceOrderPayloadResolvers<ContextType>;
  Profile?: ProfileResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  UpdateProfilePayload?: UpdateProfilePayloadResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = RequestContext> = {
  cacheControl?: CacheControlDirectiveResolver<any, any, ContextType>;
  cost?: CostDirectiveResolver<any, any, ContextType>;
  listSize?: ListSizeDirectiveResolver<any, any, ContextType>;
  rest?: RestDirectiveResolver<any, any, ContextType>;
  tool?: ToolDirectiveResolver<any, any, ContextType>;
};
