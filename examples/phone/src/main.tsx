import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../../shared/theme.css';
import './phone.css';
import { PhonePage } from './phone-page.tsx';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <PhonePage />
    </StrictMode>,
  );
}

// Without it, the page itself could not be opened when there is no network.
if (import.meta.env.PROD) void navigator.serviceWorker?.register('/sw.js');
