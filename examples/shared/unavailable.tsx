interface Props {
  /** The name of the part, such as "Orders". */
  readonly part: string;
  readonly onRetry: () => void;
}

/** Takes the place of a part that could not be loaded, while the others are shown. */
export const Unavailable = ({ part, onRetry }: Props) => (
  <p className="unavailable">
    {part} can’t be loaded right now.{' '}
    <button type="button" className="link" onClick={onRetry}>
      Try again
    </button>
  </p>
);
