// The gateway as a process of its own, started, killed and started again over one folder.

import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

export const PAIR = 'LUXURY001/XRP';

const { GATEWAY, SCRATCH } = process.env;
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Fees, so that balances tell a fill that came twice; rates that a test does not run into. */
const config = (folder, limits) => `
[server]
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
[[auth.keys]]
algorithm = "HS256"
secret = "a secret that only this test has to keep"
[storage]
data_dir = "${join(folder, 'data')}"
durability = "os"
[limits]
${Object.entries({
  connections_per_user: 20,
  messages_per_second: 1000,
  messages_per_second_per_address: 100000,
  handshakes_per_second_per_address: 1000,
  order_commands_per_minute: 100000,
  cancels_per_minute: 100000,
  ...limits,
})
  .map(([key, value]) => `${key} = ${value}`)
  .join('\n')}
[portfolio]
valuation_asset = "XRP"
[[assets]]
symbol = "XRP"
scale = 6
lending = { limit = "1000000", pool = "1000000", insurance_fund = "1000" }
[[assets]]
symbol = "LUXURY001"
scale = 4
lending = { limit = "1000", pool = "1000" }
[[pairs]]
base = "LUXURY001"
quote = "XRP"
tick = "0.01"
lot = "0.01"
min_amount = "0.01"
max_amount = "1000.00"
price_band_bps = 5000
maker_fee_bps = 5
taker_fee_bps = 10
reference_price = "1000.00"
max_open_orders = 10000
margin = { max_leverage = "10", max_position = "100.00", max_open_interest = "1000.00" }
${['alice', 'bob', 'carol']
  .map((user) => `[[accounts]]\nuser = "${user}"\nbalances = { XRP = "1000000", LUXURY001 = "1000" }\n`)
  .join('')}`;

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
