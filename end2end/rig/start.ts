// Starts what the browser tests run against: a mail receiver and the real server on a database of its own.
import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));

function needed(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: run the browser tests by "make test"`);
  return value;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n')[0]);
    });
    child.on('exit', (code) => reject(new Error(`ended with ${code} before it was ready`)));
  });
}

async function answers(url: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}; see its output above`);
    const up = await fetch(url).then((answer) => answer.ok, () => false);
    if (up) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`nothing answers at ${url}`);
}

function databaseUrl(admin: string, name: string): string {
  const [base, query] = admin.split('?');
  return base.replace(/\/[^/]*$/, `/${name}`) + (query ? `?${query}` : '');
}

export default async function start() {
  const binary = needed('CATALYST_BIN');
  const admin = needed('CATALYST_TEST_DATABASE_URL');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'catalyst-end2end-'));
  const children: ChildProcess[] = [];

  const mail = spawn(process.execPath, [path.join(here, 'mail.mjs'), path.join(folder, 'mail')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(mail);
  const receiver = JSON.parse(await firstLine(mail));

  const database = `end2end_${process.pid}`;
  const psql = (sql: string) => execFileSync('psql', [admin, '-qc', sql], { stdio: ['ignore', 'ignore', 'inherit'] });
  psql(`create database ${database}`);

  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const environment = {
    ...process.env,
    CATALYST_LISTEN: `127.0.0.1:${port}`,
    CATALYST_PUBLIC_URL: base,
    CATALYST_DATA_DIR: path.join(folder, 'data'),
    CATALYST_DATABASE_URL: databaseUrl(admin, database),
    CATALYST_SITE_ROOT: needed('CATALYST_SITE_ROOT'),
    CATALYST_SMTP_URL: `smtp://catalyst:rig@localhost:${receiver.smtp}?tls=required`,
    CATALYST_SMTP_CA_FILE: receiver.ca,
    CATALYST_MAIL_FROM: 'Catalyst <no-reply@catalyst.test>',
    ...Object.fromEntries(
      ['LINKS_PER_IP', 'LINKS_IN_ALL', 'SIGN_IN_TRIES_PER_IP', 'PREVIEWS_PER_IP', 'REDEMPTIONS_PER_IP']
        .map((name) => [`CATALYST_LIMIT_${name}`, 'off']),
    ),
  };
  const log = fs.openSync(path.join(folder, 'server.log'), 'a');
  const server = spawn(binary, ['serve'], { env: environment, stdio: ['ignore', log, log] });
  children.push(server);
  try {
    await answers(`${base}/readyz`, server);
  } catch (error) {
    console.error(fs.readFileSync(path.join(folder, 'server.log'), 'utf8').slice(-4000));
    throw error;
  }
  const run = (...args: string[]) => execFileSync(binary, args, { env: environment, encoding: 'utf8' }).trim();
  // Each test has admins of its own, so that no two read the same mails.
  for (const name of ['api', 'js', 'nojs', 'billing', 'arabic']) {
    run('admin', 'grant', `sovereign-${name}@catalyst.test`, 'sovereign-admin');
  }
  for (const name of ['roles', 'pages']) run('admin', 'grant', `super-${name}@catalyst.test`, 'superadmin');

  process.env.E2E_BASE = base;
  process.env.E2E_MAIL = `http://127.0.0.1:${receiver.http}`;
  process.env.E2E_GIT = path.join(folder, 'data', 'git');
  process.env.E2E_ADMIN_TOKEN = run('token', 'create', 'sovereign-api@catalyst.test');

  return async () => {
    for (const child of children.reverse()) child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 500));
    psql(`drop database if exists ${database} with (force)`);
    fs.rmSync(folder, { recursive: true, force: true });
  };
}
