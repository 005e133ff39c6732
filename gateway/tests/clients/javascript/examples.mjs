// Draws the React and Vue examples of a document, presses their button, and says what it shows then.

import { readFileSync, writeFileSync } from 'node:fs';
import { Page } from './page.mjs';
import WebSocket from 'ws';
import ts from 'typescript';

globalThis.WebSocket = WebSocket;
const props = { url: process.env.EXCHANGE, token: process.env.TOKEN };

async function press(page, file) {
  const button = () => page.root.querySelector('button');
  await page.shows('it', () => button() && !button().disabled);
  button().click();
  await page.shows('it', () => button().textContent === 'open');
  console.log(`${file}: ${button().textContent}`);
}

{
  const { createElement } = await import('react');
  const { createRoot } = await import('react-dom/client');
  const compilerOptions = { jsx: ts.JsxEmit.ReactJSX, module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  const { outputText } = ts.transpileModule(readFileSync('Best.jsx', 'utf8'), { compilerOptions });
  writeFileSync('Best.jsx.mjs', outputText);
  const { Best } = await import('./Best.jsx.mjs');
  const page = new Page();
  const root = createRoot(page.root);
  root.render(createElement(Best, props));
  await press(page, 'Best.jsx');
  root.unmount();
}
{
  const { createApp } = await import('vue');
  const { compileScript, parse } = await import('vue/compiler-sfc');
  const { descriptor, errors } = parse(readFileSync('Best.vue', 'utf8'));
  if (errors.length > 0) throw errors[0];
  const { content } = compileScript(descriptor, { id: 'best', inlineTemplate: true });
  writeFileSync('Best.vue.mjs', content);
  const { default: Best } = await import('./Best.vue.mjs');
  const page = new Page();
  const app = createApp(Best, props);
  app.mount(page.root);
  await press(page, 'Best.vue');
  app.unmount();
}
