/**
 * A real POP3 and IMAP server for the tests: Dovecot 2.3, each over TLS, and STARTTLS and clear text on another port, a
 * Maildir a user, any user name with one password, and XOAUTH2 with tokens that it verifies itself.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEFAULT_POLICY } from '../../src/config/policy.ts'

import type { Account } from '../../src/config.ts'
import { makeCertificate } from './certificate.ts'

export const DOVECOT_PASSWORD = 'correct-horse-battery'

export interface Dovecot extends AsyncDisposable {
  readonly host: string
  /** `pop3` and `imap` speak clear text and STARTTLS, the others implicit TLS. */
  readonly ports: Readonly<Record<'pop3' | 'pop3s' | 'imap' | 'imaps', number>>
  /** PEM of the authority that signed its certificate (for `localhost` and 127.0.0.1). */
  readonly ca: string
  /** Settings of a user's mailbox, with the password; over POP3 unless `settings` say otherwise. */
  mailbox(user: string, security: Account['security'], settings?: Partial<Account>): Account
  /** Puts messages into the user's mailbox, in this order. */
  deliver(user: string, messages: readonly Buffer[]): Promise<void>
  /** Names of the files in the user's Maildir, or in a folder of it: what the server really holds. */
  files(user: string, folder?: string): Promise<string[]>
  /** Where the user's Maildir is. */
  maildir(user: string): string
  /** Makes all UIDs of the user's mailbox anew, under another UIDVALIDITY. */
  makeUidsAnew(user: string): Promise<void>
  /** An access token which the server accepts for this user. */
  accessToken(user: string, expiresInSeconds?: number): string
}

export async function startDovecot(): Promise<Dovecot> {
  const folder = await makeFolder()
  const [pop3, pop3s, imap, imaps] = await freePorts()
  const ports = { pop3, pop3s, imap, imaps }
  const { ca, cert, key } = await makeCertificate('DNS:localhost,IP:127.0.0.1')
  const secret = randomUUID()
  await writeFile(join(folder, 'cert.pem'), cert)
  await writeFile(join(folder, 'key.pem'), key, { mode: 0o600 })
  await mkdir(join(folder, 'keys/default/HS256'), { recursive: true })
  await writeFile(join(folder, 'keys/default/HS256/default'), Buffer.from(secret).toString('base64'))
  await writeFile(join(folder, 'oauth2.conf'), oauth2Configuration(folder))
  await writeFile(join(folder, 'dovecot.conf'), configuration(folder, ports))
  const server = await run(join(folder, 'dovecot.conf')).catch(async (error: unknown) => {
    await rm(folder, { recursive: true })
    throw error
  })
  return {
    host: '127.0.0.1',
    ports,
    ca,
    mailbox: (user, security, settings = {}) => mailboxOf(user, security, ports, ca, settings),
    deliver: (user, messages) => deliver(join(folder, 'mail', user), messages),
    files: (user, name) => filesOf(join(folder, 'mail', user, name === undefined ? '' : `.${name}`)),
    maildir: (user) => join(folder, 'mail', user),
    makeUidsAnew: (user) => makeUidsAnew(join(folder, 'mail', user)),
    accessToken: (user, expiresInSeconds = 3_600) => accessToken(user, expiresInSeconds, secret),
    async [Symbol.asyncDispose]() {
      if (server.exitCode === null && server.kill('SIGTERM')) await once(server, 'exit')
      await rm(folder, { recursive: true })
    },
  }
}

/** Mail processes run as the system's user `mail`, never as root. */
const MAIL_UID = 8
const START_TIMEOUT_MS = 20_000

async function makeFolder(): Promise<string> {
  if (process.getuid?.() !== 0) throw new Error('the Dovecot of the tests has to be started as root')
  const folder = await mkdtemp(join(tmpdir(), 'mailchute-dovecot-'))
  await chmod(folder, 0o755)
  await mkdir(join(folder, 'mail'))
  await chown(join(folder, 'mail'), MAIL_UID, MAIL_UID)
  return folder
}

/** All are taken before one is given back: no two are the same. */
async function freePorts(): Promise<[number, number, number, number]> {
  const servers = Array.from({ length: 4 }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const [a = 0, b = 0, c = 0, d = 0] = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), 'close')))
  return [a, b, c, d]
}

/** In the foreground, so that it ends with us; ready once it says so. */
async function run(configurationFile: string): Promise<ChildProcess> {
  const { PATH = '' } = process.env
  const server = spawn('dovecot', ['-F', '-c', configurationFile], {
    env: { PATH: `${PATH}:/usr/sbin:/usr/local/sbin` },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error(`Dovecot did not start in time:\n${log}`)), START_TIMEOUT_MS)
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-8_192)
    if (log.includes('starting up')) resolve()
  })
  server.on('error', (cause) => {
    reject(new Error('Dovecot is not installed: apt-get install dovecot-pop3d dovecot-imapd', { cause }))
  })
  server.on('exit', (code) =>
    reject(new Error(`Dovecot ended with ${code} (packages dovecot-pop3d, dovecot-imapd):\n${log}`)),
  )
  try {
    await promise
    return server
  } catch (error) {
    server.kill('SIGTERM')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function configuration(folder: string, ports: Dovecot['ports']): string {
  return `
base_dir = ${folder}/run
state_dir = ${folder}/state
log_path = /dev/stderr
protocols = pop3 imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <${folder}/cert.pem
ssl_key = <${folder}/key.pem
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = no
mail_location = maildir:${folder}/mail/%u
mail_fsync = never
first_valid_uid = ${MAIL_UID}
auth_mechanisms = plain xoauth2
auth_failure_delay = 0
passdb {
  driver = oauth2
  mechanisms = xoauth2
  args = ${folder}/oauth2.conf
}
passdb {
  driver = static
  mechanisms = plain
  args = password=${DOVECOT_PASSWORD}
}
userdb {
  driver = static
  args = uid=${MAIL_UID} gid=${MAIL_UID} home=${folder}/mail/%u
}
service pop3-login {
  process_min_avail = 1
  service_count = 0
  inet_listener pop3 {
    port = ${ports.pop3}
  }
  inet_listener pop3s {
    port = ${ports.pop3s}
    ssl = yes
  }
}
service imap-login {
  process_min_avail = 1
  service_count = 0
  inet_listener imap {
    port = ${ports.imap}
  }
  inet_listener imaps {
    port = ${ports.imaps}
    ssl = yes
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
protocol pop3 {
  mail_max_userip_connections = 100
}
protocol imap {
  mail_max_userip_connections = 100
}
namespace inbox {
  inbox = yes
}
`
}

function oauth2Configuration(folder: string): string {
  return `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${folder}/keys/
username_attribute = preferred_username
`
}

function mailboxOf(
  user: string,
  security: Account['security'],
  ports: Dovecot['ports'],
  ca: string,
  settings: Partial<Account>,
): Account {
  const { protocol = 'pop3', folder = 'INBOX' } = settings
  const name = protocol === 'imap' ? 'imap' : 'pop3'
  const port = ports[security === 'tls' ? (`${name}s` as const) : name]
  return {
    name: user,
    url: `${name}://${user}@127.0.0.1:${port}`,
    host: '127.0.0.1',
    port,
    security,
    user,
    credentials: { kind: 'password', password: DOVECOT_PASSWORD },
    protocol,
    source: protocol === 'imap' ? `imap 127.0.0.1 ${folder}` : 'pop3 127.0.0.1',
    isMicrosoft: false,
    folder,
    endpoint: null,
    moveTo: null,
    smtp: null,
    acknowledge: null,
    policy: DEFAULT_POLICY,
    retention: { rawSeconds: null, contentSeconds: null },
    ca,
    schedule: '0 * * * * *',
    deleteAfterSeconds: 0,
    maxMessageBytes: 50_000_000,
    ...settings,
  }
}

let delivered = 0

/** The name carries size and wire size, so that Dovecot need not read the file; its time gives the order. */
async function deliver(maildir: string, messages: readonly Buffer[]): Promise<void> {
  for (const folder of ['', 'tmp', 'new', 'cur']) {
    await mkdir(join(maildir, folder), { recursive: true })
    await chown(join(maildir, folder), MAIL_UID, MAIL_UID)
  }
  const seconds = Math.floor(Date.now() / 1_000)
  for (const octets of messages) {
    delivered += 1
    const micros = String(delivered % 1_000_000).padStart(6, '0')
    const name = `${seconds}.M${micros}P${process.pid}.test,S=${octets.length},W=${wireSize(octets)}`
    await writeFile(join(maildir, 'new', name), octets)
    await chown(join(maildir, 'new', name), MAIL_UID, MAIL_UID)
  }
}

/** Every bare LF gets its CR. */
function wireSize(octets: Buffer): number {
  let bare = 0
  for (let lf = octets.indexOf(0x0a); lf !== -1; lf = octets.indexOf(0x0a, lf + 1)) {
    if (octets[lf - 1] !== 0x0d) bare += 1
  }
  return octets.length + bare
}

async function filesOf(maildir: string): Promise<string[]> {
  const folders = ['new', 'cur'].map(async (folder) => readdir(join(maildir, folder)).catch(() => []))
  return (await Promise.all(folders)).flat().sort()
}

/** The list of UIDs begins with what they are valid for: `3 V<uidvalidity> N<next uid> G<guid>`. */
async function makeUidsAnew(maildir: string): Promise<void> {
  const list = join(maildir, 'dovecot-uidlist')
  const [, uidValidity = '1', guid = ''] = /^3 V(\d+) N\d+ G(\w+)/.exec(await readFile(list, 'latin1')) ?? []
  const files = await readdir(maildir)
  for (const file of files.filter((name) => name.startsWith('dovecot'))) await rm(join(maildir, file))
  await writeFile(list, `3 V${Number(uidValidity) + 1} N1 G${guid}\n`)
  await chown(list, MAIL_UID, MAIL_UID)
}

/** A JWT (RFC 7519) as Dovecot's local validation wants it: HS256, with `sub`. */
function accessToken(user: string, expiresInSeconds: number, secret: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const claims = { sub: user, preferred_username: user, iat: now, exp: now + expiresInSeconds }
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}
