import { Moment } from '../../shared/moment.tsx';
import { Unavailable } from '../../shared/unavailable.tsx';
import type { Account } from './use-account.ts';

interface Props {
  readonly list: Account['announcements'];
  readonly reload: () => void;
}

const MAX_SHOWN = 3;

export const Announcements = ({ list, reload }: Props) => (
  <section className="card" aria-labelledby="announcements">
    <h2 id="announcements">News</h2>
    {!list && <Unavailable part="News" onRetry={reload} />}
    <ul className="list">
      {list?.slice(0, MAX_SHOWN).map(({ id, title, publishedAt }) => (
        <li key={id}>
          <span>{title}</span>
          <small className="muted">
            <Moment at={publishedAt} />
          </small>
        </li>
      ))}
    </ul>
  </section>
);
