import DataLoader from 'dataloader';
import type { ServiceReads } from './service-reads.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/** Creates the DataLoaders of one request. */
export const createLoaders = ({ users, orders, notifications }: ServiceReads) => ({
  users: new DataLoader(users),
  orders: new DataLoader(orders),
  notifications: new DataLoader(notifications),
});
