// Generated from bff-mobile/operations/ by `npm run codegen`. Do not edit.

/** The ids of the persisted operations, by name. */
export const OPERATION_IDS = {
  CancelOrder: 'ecfe05b484b1ebb4d01282a0dc3dc97e8b9ba208d8609cbaa18453cbfa9c3b7a',
  Dashboard: 'd15a2eb44fd563b83ef350a87e7ed6509d3cf388636f18b581f4e5cc8c896885',
  MarkNotificationsRead: 'b80b95bb2672b463ac489bde914d6480cf51c7c175bfb7ba44444aadbae267fb',
  OnNotificationReceived: 'cafd629a0b402df9b5088702eee12bfc999c545ae860f176c77457fa885d6350',
  OnOrderChanged: '5a4b0eb46f87cdb637964d7a9fcd2aca5ae60a169414c641fc9524ede0e4ac9f',
  PlaceOrder: 'f5b296951b762baeebe6d8a887493883ca8408618c6adeb7a3f9031be30b4e47',
  PublicProfile: 'd731469791a5f23875859039f7eb9f7a7daa47e4842bca5f49b4795399c2a35a',
  UpdateProfile: '15743d9dd0647e969847bc7a26d2bfef35772498b199c07e9a17b7f96180ce2c',
} as const;
