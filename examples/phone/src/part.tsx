import type { ReactNode } from 'react';
import { Unavailable } from '../../shared/unavailable.tsx';

interface Props<Item> {
  readonly title: string;
  /** Null if it could not be loaded. */
  readonly items: readonly Item[] | null;
  readonly children: (item: Item) => ReactNode;
  readonly onRetry: () => void;
  /** Beside the title. */
  readonly note?: string | false;
}

/** A list of the dashboard, or a sentence in its place if its service does not answer. */
export function Part<Item extends { id: string }>(props: Props<Item>) {
  const { title, items, children, onRetry, note } = props;
  const heading = title.toLowerCase();
  return (
    <section className="card" aria-labelledby={heading}>
      <div className="heading">
        <h2 id={heading}>{title}</h2>
        {note && <span className="count">{note}</span>}
      </div>
      {!items && <Unavailable part={title} onRetry={onRetry} />}
      {items?.length === 0 && <p className="muted">Nothing yet.</p>}
      <ul className="list">
        {items?.map((item) => (
          <li key={item.id}>{children(item)}</li>
        ))}
      </ul>
    </section>
  );
}
