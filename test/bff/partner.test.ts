import { partner } from '../../bff-partner/bff.ts';
import { contract } from './contract.ts';
import { anyOrder, mutationExamples } from './mutation-examples.ts';

const { CancelOrder, PlaceOrder } = mutationExamples;

contract(partner, {
  CancelOrder,
  Me: () => ({}),
  MyOrders: () => ({ first: 2 }),
  OrderDetail: anyOrder,
  PlaceOrder,
  RecentOrders: () => ({}),
});
