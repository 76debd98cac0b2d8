import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LoadHistory, RequestLoads } from '../../src/upstream/request-loads.ts';

const USER = 'user.usersByIds';
const ORDERS = 'order.ordersByUsers';

/** Starts the loads of a request at the time 1,000: the orders are slower by 10 ms. */
function startRequest(history: LoadHistory) {
  const request = new RequestLoads(history, () => 1_000);
  const ends = { user: request.start(USER, 5), orders: request.start(ORDERS, 15) };
  return { request, ends };
}

/** Knows an operation with independent loads. */
function createKnownHistory(): LoadHistory {
  const history = new LoadHistory();
  for (let n = 0; n < 20; n++) new RequestLoads(history);
  return history;
}

describe('The loads of a request', () => {
  it('can wait for most of the time by which another load takes longer', () => {
    const { request } = startRequest(createKnownHistory());
    assert.equal(request.sendBy(USER), 1_007);
    assert.equal(request.sendBy(ORDERS), 0);
  });

  it('cannot wait for a load that has ended', () => {
    const { request, ends } = startRequest(createKnownHistory());
    ends.orders();
    assert.equal(request.sendBy(USER), 0);
  });

  it('do not wait for a time that is shorter than timers are exact', () => {
    const request = new RequestLoads(createKnownHistory(), () => 1_000);
    request.start(USER, 5);
    request.start(ORDERS, 7.5);
    assert.equal(request.sendBy(USER), 0);
  });

  it('cannot wait while the operation is hardly known', () => {
    assert.equal(startRequest(new LoadHistory()).request.sendBy(USER), 0);
  });

  it('cannot wait if another load has followed in an earlier request of the operation', () => {
    const history = createKnownHistory();
    const earlier = startRequest(history);
    earlier.ends.user();
    earlier.request.start('notification.unreadByUsers', 5);
    const { request } = startRequest(history);
    assert.equal(request.sendBy(USER), 0);
  });
});
