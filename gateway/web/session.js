// Who trades here: in the demo any of its users, elsewhere whoever has a token, which stays in this
// tab. Another user is another page: nothing of the one before is left in it.
import { byId, el } from './dom.js';

const TOKEN = 'token';
const USER = 'user';

/** The demo's users with fresh tokens; `null` where this is no demo. */
async function demoUsers() {
  try {
    const answer = await fetch('/demo/users', { cache: 'no-store' });
    return answer.ok ? (await answer.json()).users : null;
  } catch {
    return null;
  }
}

/**
 * What the client signs in with: a function that gives a token, a token, or nothing for watching.
 * @returns {Promise<string | (() => Promise<string>) | undefined>}
 */
export async function signIn() {
  const users = await demoUsers();
  if (users?.length > 0) return demo(users);
  const kept = sessionStorage.getItem(TOKEN);
  const token = kept ?? (await ask());
  if (token) offerSignOut('Sign out');
  else offerSignOut('Sign in');
  return token || undefined;
}

function demo(users) {
  const select = byId('user');
  select.replaceChildren(...users.map(({ user }) => el('option', { value: user }, user)));
  const kept = sessionStorage.getItem(USER);
  const user = users.some((it) => it.user === kept) ? kept : users[0].user;
  select.value = user;
  byId('user-label').hidden = false;
  select.addEventListener('change', () => {
    sessionStorage.setItem(USER, select.value);
    location.reload();
  });
  let first = users.find((it) => it.user === user).token;
  return async () => {
    const token = first ?? (await demoUsers())?.find((it) => it.user === user)?.token;
    first = null;
    if (!token) throw new Error('The demo gave no token');
    return token;
  };
}

/** Asks for a token until there is one, or somebody who only watches. */
function ask() {
  const dialog = byId('sign-in');
  const input = byId('token');
  return new Promise((resolve) => {
    const finish = (token) => {
      dialog.close();
      if (token) sessionStorage.setItem(TOKEN, token);
      resolve(token);
    };
    byId('sign-in-form').addEventListener('submit', (event) => {
      event.preventDefault();
      const token = input.value.trim();
      const isToken = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(token);
      byId('token-error').textContent = isToken ? '' : 'A token has three parts with points between them.';
      if (isToken) finish(token);
      else input.focus();
    });
    byId('sign-in-watch').addEventListener('click', () => finish(''));
    dialog.addEventListener('cancel', (event) => {
      event.preventDefault();
      finish('');
    });
    dialog.showModal();
  });
}

function offerSignOut(word) {
  const button = byId('sign-out');
  button.textContent = word;
  button.hidden = false;
  button.addEventListener('click', () => {
    sessionStorage.removeItem(TOKEN);
    location.reload();
  });
}

/** The token was refused: the next page asks for another. */
export const forget = () => sessionStorage.removeItem(TOKEN);
