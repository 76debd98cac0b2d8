import DataLoader from 'dataloader';
import type { Reads } from './reads.ts';

export type Loaders = ReturnType<typeof createLoaders>;

/** One of each for every request. */
export const createLoaders = ({ users, orders, notifications }: Reads) => ({
  users: new DataLoader(users),
  orders: new DataLoader(orders),
  notifications: new DataLoader(notifications),
});
