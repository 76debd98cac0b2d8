import { web } from '../../bff-web/bff.ts';
import { CAST } from '../../services/support/cast.ts';
import { contract } from './contract.ts';
import { anyOrder, mutationExamples } from './mutation-examples.ts';

contract(web, {
  ...mutationExamples,
  Customers: () => ({ search: 'a', first: 5 }),
  Home: () => ({}),
  NotificationList: () => ({}),
  OrderDetail: anyOrder,
  OrderList: () => ({ status: 'PLACED' }),
  PublicProfile: () => ({ id: CAST.customer }),
  RecentOrders: () => ({}),
});
