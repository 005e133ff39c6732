// The gateway as a process of its own, started, killed and started again over one folder.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

export const PAIR = 'LUXURY001/XRP';

const { GATEWAY, SCRATCH } = process.env;
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** The configuration, for a folder and with more limits. */
const config = (folder, limits) =>
  readFileSync(process.env.CONFIG, 'utf8')
    .replace('DATA_DIR', join(folder, 'data'))
    .replace('# LIMITS', Object.entries(limits).map(([key, value]) => `${key} = ${value}`).join('\n'));

export class Exchange {
  /** @param {{limits?: object, isDemo?: boolean}} [options] */
  static async start({ limits = {}, isDemo = false } = {}) {
    mkdirSync(SCRATCH, { recursive: true });
    const exchange = new Exchange();
    exchange.isDemo = isDemo;
    exchange.folder = mkdtempSync(join(SCRATCH, 'exchange-'));
    exchange.file = join(exchange.folder, 'gateway.toml');
    writeFileSync(exchange.file, config(exchange.folder, limits));
    await exchange.begin();
    return exchange;
  }

  /** Starts it, perhaps over what it left; resolves when it listens. */
  begin() {
    const data = join(this.folder, 'data');
    const args = this.isDemo
      ? ['demo', '--quiet-market', '--port', '0', '--admin-port', '0', '--data-dir', data]
      : ['serve', '--config', this.file];
    const env = { ...process.env, RUST_LOG: 'error' };
    this.child = spawn(GATEWAY, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    running.add(this.child);
    return new Promise((resolve, reject) => {
      this.child.once('exit', (code) => reject(new Error(`the gateway ended with ${code}`)));
      createInterface({ input: this.child.stdout }).on('line', (line) => {
        this.admin = /http:\/\/([0-9.]+:\d+)\/v1/.exec(line)?.[1] ?? this.admin;
        const found = /ws:\/\/([0-9.]+):(\d+)/.exec(line);
        if (!found) return;
        this.port = Number(found[2]);
        this.url = found[0];
        resolve(this);
      });
    });
  }

  /** Ends it at once, as a crash would, or asks it to stop. */
  end(signal = 'SIGKILL') {
    const { child } = this;
    running.delete(child);
    if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', resolve);
      child.kill(signal);
    });
  }

  /** @param {string} user @param {string} [ttl] */
  token(user, ttl = '1h') {
    const whose = this.isDemo ? ['--demo'] : ['--config', this.file];
    const made = spawnSync(GATEWAY, ['token', ...whose, '--user', user, '--ttl', ttl], { encoding: 'utf8' });
    if (made.status !== 0) throw new Error(made.stderr);
    return made.stdout.trim();
  }

  async remove() {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
