// Generated from bff-web/operations/ by `npm run codegen`. Do not edit.

/** The ids of the persisted operations, by name. */
export const OPERATION_IDS = {
  Account: '4a6907938b9edd77779c216ca515e8901401aba0e1496a9a496e478553c1041b',
  CancelOrder: 'ecfe05b484b1ebb4d01282a0dc3dc97e8b9ba208d8609cbaa18453cbfa9c3b7a',
  Customers: '2d3be0af08775dbee40df28c9856cda55246a94bab39c3d114590d1257e9d010',
  Home: '58579f0f8acafd6b070838b18d2d067dedc9e5c8c337d5cf260899e41303d80a',
  MarkNotificationsRead: 'b80b95bb2672b463ac489bde914d6480cf51c7c175bfb7ba44444aadbae267fb',
  NotificationList: '4343e0235b7dbaeb16f619989502d6659f1d51f3cecc29e0aff34a898cedf805',
  OnNotificationReceived: 'cafd629a0b402df9b5088702eee12bfc999c545ae860f176c77457fa885d6350',
  OnOrderChanged: '5a4b0eb46f87cdb637964d7a9fcd2aca5ae60a169414c641fc9524ede0e4ac9f',
  OrderDetail: 'a5628fd3601bffdac262ccf9f4477f99650e16e77ce037fc0db8869a684e4859',
  OrderList: 'b1bd4e5c55678880dba5d2521ceec0bc87fd8cbfd8dc875e79d011e2e782583d',
  PlaceOrder: 'f5b296951b762baeebe6d8a887493883ca8408618c6adeb7a3f9031be30b4e47',
  PublicProfile: 'd731469791a5f23875859039f7eb9f7a7daa47e4842bca5f49b4795399c2a35a',
  RecentOrders: '5e786839d130895bbdf26f8ad8f5a91f40a91667abcb7dad1273c2463beebf79',
  UpdateProfile: '15743d9dd0647e969847bc7a26d2bfef35772498b199c07e9a17b7f96180ce2c',
} as const;
