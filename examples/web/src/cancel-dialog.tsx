import { useActionState, useEffect, useRef } from 'react';
import { formatMoney } from '../../shared/format.ts';
import type { Order } from './use-account.ts';

interface Props {
  readonly order: Order;
  /** @returns why the order was not cancelled */
  readonly cancel: (id: string) => Promise<string | undefined>;
  readonly onClose: (isCancelled: boolean) => void;
}

export function CancelDialog({ order: { id, total }, cancel, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);

  const [problem, confirm, isPending] = useActionState(async () => {
    const reason = await cancel(id);
    if (reason === undefined) onClose(true);
    return reason;
  }, undefined);

  return (
    <dialog ref={dialog} aria-labelledby="cancel-title" onClose={() => onClose(false)}>
      <form action={confirm}>
        <h2 id="cancel-title">Cancel order {id}?</h2>
        <p>Nothing is shipped, and you get {formatMoney(total)} back.</p>
        {problem && <p role="alert">{problem}</p>}
        <div className="actions">
          <button type="button" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button type="submit" className="danger" disabled={isPending}>
            {isPending ? 'Cancelling…' : 'Cancel the order'}
          </button>
        </div>
      </form>
    </dialog>
  );
}
