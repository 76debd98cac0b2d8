// Generated from bff-partner/operations/ by `npm run codegen`. Do not edit.

/** The ids of the persisted operations, by name. */
export const OPERATION_IDS = {
  CancelOrder: 'ecfe05b484b1ebb4d01282a0dc3dc97e8b9ba208d8609cbaa18453cbfa9c3b7a',
  Me: '0a623b5bf842c44457971bcc2c8c51d5830d39d5976219ee93451d507a8531c9',
  MyOrders: 'ec3087c75958ddc6160b1704b3e8f030c6894190c2bae8c5e6d8feb037121a47',
  OrderDetail: '11197a9a55abd719e3a2bc9021c453ac82a995d3d227737fce8aae9fc1d66730',
  PlaceOrder: 'f5b296951b762baeebe6d8a887493883ca8408618c6adeb7a3f9031be30b4e47',
  RecentOrders: '8f7b84c43f1070aac874dd683c600fb3bd3b9f22c70b78e0a98afb1252590e3e',
} as const;
