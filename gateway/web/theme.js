// Before anything is drawn: the theme that was chosen, or else the one of the system.
(() => {
  const root = document.documentElement;
  const light = matchMedia('(prefers-color-scheme: light)');
  const chosen = () => {
    try {
      return localStorage.getItem('theme');
    } catch {
      return null;
    }
  };
  const apply = () => {
    root.dataset.theme = chosen() ?? (light.matches ? 'light' : 'dark');
  };
  apply();
  light.addEventListener('change', () => {
    apply();
    document.dispatchEvent(new Event('theme'));
  });
})();
