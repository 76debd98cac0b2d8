// Generated from schema/ by `npm run codegen`. Do not edit.

import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Announcement as AnnouncementModel, Money as MoneyModel, Notification as NotificationModel, Order as OrderModel, OrderItem as OrderItemModel, User as UserModel } from '../src/datasources/models.ts';
import type { SignedInViewer, RequestContext } from '../src/context.ts';
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
  /** The text, plain. */
  readonly body: Scalars['String']['output'];
  /** Opaque. */
  readonly id: Scalars['ID']['output'];
  /** When it was published. */
  readonly publishedAt: Scalars['DateTime']['output'];
  /** The headline. */
  readonly title: Scalars['String']['output'];
};

/** For whom an answer may be kept. */
export type CacheControlScope =
  /** For one viewer alone. */
  | 'PRIVATE'
  /** The same for all who may have it: for everyone, or for all who may do the same. */
  | 'PUBLIC';

/** The order after the cancellation. */
export type CancelOrderPayload = {
  readonly __typename?: 'CancelOrderPayload';
  /** The order; unchanged if it can't be cancelled any more. */
  readonly order?: Maybe<Order>;
  /** Why the order was not cancelled; empty if it was. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The notifications after the change. */
export type MarkNotificationsReadPayload = {
  readonly __typename?: 'MarkNotificationsReadPayload';
  /** Those of the ids that are the viewer's, now read. */
  readonly notifications: ReadonlyArray<Notification>;
  /** How many of the viewer's notifications are unread now. */
  readonly unreadCount?: Maybe<Scalars['Int']['output']>;
  /** One for each id that is none of the viewer's. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** For whom a client acts, as the token says, and what is theirs. */
export type Me = {
  readonly __typename?: 'Me';
  /** The user's id. */
  readonly id: Scalars['ID']['output'];
  /** The orders, newest first, with the scope orders:read. */
  readonly orders?: Maybe<OrderPage>;
  /** The account, with the scope profile:read. Null if it was deleted. */
  readonly user?: Maybe<User>;
};


/** For whom a client acts, as the token says, and what is theirs. */
export type MeOrdersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: Scalars['Int']['input'];
  status?: InputMaybe<OrderStatus>;
};

/** An amount of money. */
export type Money = {
  readonly __typename?: 'Money';
  /** The amount in the currency's smallest unit: 1999 with EUR is 19.99 euro, with JPY 1999 yen. */
  readonly amount: Scalars['MinorUnits']['output'];
  /** The ISO 4217 code of the currency. */
  readonly currency: Scalars['String']['output'];
};

/** Everything that can be changed. */
export type Mutation = {
  readonly __typename?: 'Mutation';
  /** Cancels an order that has not left yet. An order that is cancelled already stays so. */
  readonly cancelOrder?: Maybe<CancelOrderPayload>;
  /** Marks notifications of the viewer's as read. Those that were read already stay so. */
  readonly markNotificationsRead?: Maybe<MarkNotificationsReadPayload>;
  /** Places an order for the viewer. Repeated with the same key, it answers the first order and places no second. */
  readonly placeOrder?: Maybe<PlaceOrderPayload>;
  /** Changes what is given of the viewer's own account, and leaves the rest. */
  readonly updateProfile?: Maybe<UpdateProfilePayload>;
};


/** Everything that can be changed. */
export type MutationCancelOrderArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be changed. */
export type MutationMarkNotificationsReadArgs = {
  ids: ReadonlyArray<Scalars['ID']['input']>;
};


/** Everything that can be changed. */
export type MutationPlaceOrderArgs = {
  input: PlaceOrderInput;
};


/** Everything that can be changed. */
export type MutationUpdateProfileArgs = {
  input: UpdateProfileInput;
};

/** A message to one user. */
export type Notification = {
  readonly __typename?: 'Notification';
  /** The text, plain. */
  readonly body: Scalars['String']['output'];
  /** When it was sent. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Opaque; the same wherever this notification appears. */
  readonly id: Scalars['ID']['output'];
  /** What it is about. */
  readonly kind: NotificationKind;
  /** When the user read it; null while unread. */
  readonly readAt?: Maybe<Scalars['DateTime']['output']>;
  /** The headline. */
  readonly title: Scalars['String']['output'];
};

/** What a notification is about. */
export type NotificationKind =
  /** The user's own account. */
  | 'ACCOUNT'
  /** One of the user's orders moved on. */
  | 'ORDER_UPDATE'
  /** An offer. */
  | 'PROMOTION';

/** Something that a customer bought. */
export type Order = {
  readonly __typename?: 'Order';
  /** Who placed it. Null if the account was deleted. */
  readonly customer?: Maybe<User>;
  /** Opaque; the same wherever this order appears. */
  readonly id: Scalars['ID']['output'];
  /** What was ordered, at least one line. */
  readonly items: ReadonlyArray<OrderItem>;
  /** When the order was placed. */
  readonly placedAt: Scalars['DateTime']['output'];
  /** Where the order is on its way. */
  readonly status: OrderStatus;
  /** What the order costs in all. */
  readonly total: Money;
};

/** One line of an order. */
export type OrderItem = {
  readonly __typename?: 'OrderItem';
  /** The product's name when it was ordered. */
  readonly name: Scalars['String']['output'];
  /** How many. */
  readonly quantity: Scalars['Int']['output'];
  /** The product, as it can be ordered again. */
  readonly sku: Scalars['ID']['output'];
  /** What one of them cost. */
  readonly unitPrice: Money;
};

/** One line to order. */
export type OrderItemInput = {
  /** How many, 1 to 99. */
  readonly quantity: Scalars['Int']['input'];
  /** The product. */
  readonly sku: Scalars['ID']['input'];
};

/** A page of orders. */
export type OrderPage = {
  readonly __typename?: 'OrderPage';
  /** Where the next page begins, to be given as `after`; null if this is the last. It stays valid when orders come or change. */
  readonly next?: Maybe<Scalars['String']['output']>;
  /** The orders of this page. */
  readonly orders: ReadonlyArray<Order>;
};

/** Where an order is on its way. */
export type OrderStatus =
  /** Given up; nothing is sent. */
  | 'CANCELLED'
  /** Arrived. */
  | 'DELIVERED'
  /** Accepted, and can still be cancelled. */
  | 'PLACED'
  /** On its way. */
  | 'SHIPPED';

/** What to order. */
export type PlaceOrderInput = {
  /** The ISO 4217 code of the currency to pay in. */
  readonly currency: Scalars['String']['input'];
  /** Chosen by the client, one for each intended order (a UUID, say): repeat it when retrying. 1 to 128 printable ASCII characters. */
  readonly idempotencyKey: Scalars['ID']['input'];
  /** What to order, 1 to 20 lines. */
  readonly items: ReadonlyArray<OrderItemInput>;
};

/** The order as placed. */
export type PlaceOrderPayload = {
  readonly __typename?: 'PlaceOrderPayload';
  /** The order; null if it was refused. */
  readonly order?: Maybe<Order>;
  /** Why the order was refused; empty if it was placed. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** The card of a user that everyone may see. */
export type Profile = {
  readonly __typename?: 'Profile';
  /** A picture, if the user has one. */
  readonly avatarUrl?: Maybe<Scalars['String']['output']>;
  /** The user's id. */
  readonly id: Scalars['ID']['output'];
  /** The name to show, in any script. */
  readonly name: Scalars['String']['output'];
};

/** Everything that can be asked. */
export type Query = {
  readonly __typename?: 'Query';
  /** What everyone should know now, newest first, a few dozen at most. */
  readonly announcements?: Maybe<ReadonlyArray<Announcement>>;
  /** For whom a client acts; for another party's clients with a user's token, not for servers with an API key. */
  readonly me?: Maybe<Me>;
  /** One order, with the scope orders:read: for an API key anyone's, for a client that acts for a user the user's own. */
  readonly order?: Maybe<Order>;
  /** The public card of one user. Null if the account was deleted. */
  readonly profile?: Maybe<Profile>;
  /** The newest orders of everyone, with the scope orders:read: for API keys, and for staff. */
  readonly recentOrders?: Maybe<ReadonlyArray<Order>>;
};


/** Everything that can be asked. */
export type QueryOrderArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be asked. */
export type QueryProfileArgs = {
  id: Scalars['ID']['input'];
};


/** Everything that can be asked. */
export type QueryRecentOrdersArgs = {
  first?: Scalars['Int']['input'];
};

/** What to change of an account. A field that is left out stays as it is. */
export type UpdateProfileInput = {
  /** A new picture's http(s) address; null removes the picture. */
  readonly avatarUrl?: InputMaybe<Scalars['String']['input']>;
  /** A new language and region, as a BCP 47 tag. */
  readonly locale?: InputMaybe<Scalars['String']['input']>;
  /** A new name: 1 to 200 characters, not blank. */
  readonly name?: InputMaybe<Scalars['String']['input']>;
};

/** The account after the change. */
export type UpdateProfilePayload = {
  readonly __typename?: 'UpdateProfilePayload';
  /** The changed account; null if the change was refused. */
  readonly user?: Maybe<User>;
  /** Why the change was refused; empty if it was made. */
  readonly userErrors: ReadonlyArray<UserError>;
};

/** A person with an account, as the person and the staff see it. */
export type User = {
  readonly __typename?: 'User';
  /** A picture, if the user has one. */
  readonly avatarUrl?: Maybe<Scalars['String']['output']>;
  /** When the account was opened. */
  readonly createdAt: Scalars['DateTime']['output'];
  /** Where mail reaches the user. */
  readonly email: Scalars['String']['output'];
  /** Opaque; the same wherever this user appears. */
  readonly id: Scalars['ID']['output'];
  /** The language and region to speak, as a BCP 47 tag such as pt-BR. */
  readonly locale: Scalars['String']['output'];
  /** The name to show, in any script. */
  readonly name: Scalars['String']['output'];
};

/** Why an input was not accepted, in words for people and a code for programs. */
export type UserError = {
  readonly __typename?: 'UserError';
  /** What is wrong, as one of a closed list. */
  readonly code: UserErrorCode;
  /** The path to the argument at fault, such as ["input", "items", "0", "sku"]; null when it is the request as a whole. */
  readonly field?: Maybe<ReadonlyArray<Scalars['String']['output']>>;
  /** One sentence that says what is wrong and how to mend it. */
  readonly message: Scalars['String']['output'];
};

/** The reasons for which a mutation is refused. The list grows; it never changes its meaning. */
export type UserErrorCode =
  /** The value is empty or only white space. */
  | 'BLANK'
  /** At least one is needed. */
  | 'EMPTY'
  /** This key was used before, for another order. */
  | 'IDEMPOTENCY_KEY_REUSED'
  /** The value is not acceptable, for a reason that has no code of its own. */
  | 'INVALID'
  /** The value is not an http or https address. */
  | 'INVALID_URL'
  /** The order has left, so that it can't be cancelled. */
  | 'NOT_CANCELLABLE'
  /** Nothing of the viewer's has this id. */
  | 'NOT_FOUND'
  /** The number is outside of what is allowed. */
  | 'OUT_OF_RANGE'
  /** The value has too many characters. */
  | 'TOO_LONG'
  /** There are too many. */
  | 'TOO_MANY'
  /** Nothing is sold in this currency. */
  | 'UNKNOWN_CURRENCY'
  /** The service does not speak this locale. */
  | 'UNKNOWN_LOCALE'
  /** No such product. */
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
  String: ResolverTypeWrapper<Scalars['String']['output']>;
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
  UpdateProfilePayload?: UpdateProfilePayloadResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
  UserError?: UserErrorResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = RequestContext> = {
  cacheControl?: CacheControlDirectiveResolver<any, any, ContextType>;
  cost?: CostDirectiveResolver<any, any, ContextType>;
  listSize?: ListSizeDirectiveResolver<any, any, ContextType>;
};
