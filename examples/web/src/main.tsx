import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import '../../shared/theme.css';
import { AccountPage } from './account-page.tsx';
import './web.css';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <AccountPage />
    </StrictMode>,
  );
}
