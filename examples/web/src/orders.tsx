import { useState, useTransition } from 'react';
import type { BffError } from '../../shared/bff-client.ts';
import { Unavailable } from '../../shared/unavailable.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { OrderRow } from './order-row.tsx';
import type { Order, OrderPage } from './use-account.ts';

interface Props {
  /** The pages that are shown, as one; null if they could not be loaded. */
  readonly page: OrderPage | null;
  readonly reload: () => void;
  /** @returns undefined if all was loaded again */
  readonly showMore: () => Promise<readonly Order[] | BffError | undefined>;
  readonly cancel: (id: string) => Promise<string | undefined>;
  readonly say: (text: string) => void;
}

const focusOrder = (id: string) => document.getElementById(`order-${id}`)?.focus();

export function Orders({ page, reload, showMore, cancel, say }: Props) {
  const [cancelling, setCancelling] = useState<Order>();
  const [problem, setProblem] = useState('');
  const [isLoading, startLoading] = useTransition();

  const loadMore = () =>
    startLoading(async () => {
      const more = await showMore();
      setProblem(more && 'message' in more ? more.message : '');
      if (!more || 'message' in more) return;
      say(`${more.length} more orders`);
      // After they are rendered. The button may be gone then, and with it the focus.
      if (more[0]) setTimeout(focusOrder, 0, more[0].id);
    });

  return (
    <section className="card" aria-labelledby="orders">
      <h2 id="orders">Orders</h2>
      {!page && <Unavailable part="Orders" onRetry={reload} />}
      {page?.edges.length === 0 && <p className="muted">You have not ordered anything yet.</p>}
      <ul className="list orders">
        {page?.edges.map(({ node }) => (
          <OrderRow key={node.id} order={node} onCancel={() => setCancelling(node)} />
        ))}
      </ul>
      {problem && <p role="alert">{problem}</p>}
      {page?.pageInfo.hasNextPage && (
        <button type="button" onClick={loadMore} disabled={isLoading}>
          {isLoading ? 'Loading…' : 'Show more orders'}
        </button>
      )}
      {cancelling && (
        <CancelDialog
          order={cancelling}
          cancel={cancel}
          onClose={(isCancelled) => {
            setCancelling(undefined);
            if (isCancelled) say(`Order ${cancelling.id} is cancelled`);
            setTimeout(focusOrder, 0, cancelling.id);
          }}
        />
      )}
    </section>
  );
}
