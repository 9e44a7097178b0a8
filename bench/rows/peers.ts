/** Other POP3 clients over the same mails from the same server, each with what it is good at. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, chown, mkdir, mkdtemp, readdir, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { text } from 'node:stream/consumers'
import { DOVECOT_PASSWORD } from '../../test/support/dovecot.ts'
import { LIMIT_MS } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'
import { INTAKE_PLAIN } from './intake.ts'

interface Peer {
  readonly program: string
  readonly what: string
  /** Text of its configuration. */
  configuration(place: { port: number; user: string; maildir: string }): string
  parameters(file: string): readonly string[]
  readonly fillsMaildir: boolean
  readonly mailsLimit?: number
}

/**
 * getmail forks for each delivery, and where the child is done before the parent waits for it, the parent waits in vain
 * for all of its timeout and gives up (6.18, `_wait_for_child`). So it gets fewer mails, and then another try.
 */
const GETMAIL_TIMEOUT_SECONDS = 10
const TRIES = 3
const GETMAIL_MAILS = 200

const PEERS: readonly Peer[] = [
  {
    program: 'fetchmail',
    what: 'fetchmail, into `cat > /dev/null`',
    configuration: ({ port, user }) =>
      `poll 127.0.0.1 service ${port} protocol pop3 username "${user}" password "${DOVECOT_PASSWORD}" sslproto '' ` +
      'fetchall nokeep mda "cat > /dev/null"\n',
    parameters: (file) => ['--fetchmailrc', file, '--silent', '--nosyslog'],
    fillsMaildir: false,
  },
  {
    program: 'getmail',
    what: 'getmail6, into a Maildir',
    configuration: ({ port, user, maildir }) => `[retriever]
type = SimplePOP3Retriever
server = 127.0.0.1
port = ${port}
username = ${user}
password = ${DOVECOT_PASSWORD}
timeout = ${GETMAIL_TIMEOUT_SECONDS}
[destination]
type = Maildir
path = ${maildir}/
[options]
read_all = true
delete = true
verbose = 0
`,
    parameters: (file) => ['--getmaildir', path.dirname(file), '--rcfile', file],
    fillsMaildir: true,
    mailsLimit: GETMAIL_MAILS,
  },
  {
    program: 'mpop',
    what: 'mpop with pipelining, into a Maildir',
    configuration: ({ port, user, maildir }) => `account bench
host 127.0.0.1
port ${port}
user ${user}
password ${DOVECOT_PASSWORD}
auth user
tls off
pipelining on
keep off
only_new off
uidls_file ${path.dirname(maildir)}/uidls
delivery maildir ${maildir}
`,
    parameters: (file) => ['--file', file, '--quiet', 'bench'],
    fillsMaildir: true,
  },
]

export const peerRows: readonly Row[] = PEERS.map((peer) => ({
  group: 'peers',
  what: peer.what,
  unit: 'mails/s',
  comparedWith: INTAKE_PLAIN,
  missing: isInstalled(peer.program) ? null : `${peer.program} is not installed`,
  measure: (world) => measureAgain(world, peer, TRIES),
}))

async function measureAgain(world: World, peer: Peer, tries: number): Promise<Measured> {
  try {
    return await measure(world, peer)
  } catch (error) {
    if (tries <= 1) throw error
    return await measureAgain(world, peer, tries - 1)
  }
}

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, program)))
}

async function measure(world: World, peer: Peer): Promise<Measured> {
  const mails = Math.min(world.mails.length, peer.mailsLimit ?? Number.POSITIVE_INFINITY)
  const user = await world.fullMailbox(mails)
  const folder = await mkdtemp(path.join(world.folder, `${peer.program}-`))
  const maildir = path.join(folder, 'Maildir')
  for (const part of PARTS) await mkdir(path.join(maildir, part), { recursive: true })
  const file = path.join(folder, 'configuration')
  const configuration = peer.configuration({ port: world.dovecot.ports.pop3, user, maildir })
  await writeFile(file, configuration, { mode: 0o600 })
  const account = await handOver([folder, maildir, ...PARTS.map((part) => path.join(maildir, part)), file], world, user)
  const startedAt = performance.now()
  await run(peer.program, peer.parameters(file), { home: folder, ...account, signal: world.signal })
  const seconds = (performance.now() - startedAt) / 1000
  const left = (await world.dovecot.files(user)).length
  const delivered = peer.fillsMaildir ? (await readdir(path.join(maildir, 'new'))).length : mails
  if (left > 0 || delivered !== mails) throw new Error(`${peer.program}: ${delivered} delivered, ${left} left`)
  return { figure: mails / seconds, note: `${mails} mails` }
}

const PARTS = ['new', 'cur', 'tmp']

interface Account {
  readonly uid: number
  readonly gid: number
}

interface Place extends Account {
  readonly home: string
  readonly signal: AbortSignal
}

/** getmail refuses to deliver mail as root: they all run as whom the mail belongs to. */
async function handOver(places: readonly string[], { dovecot, folder }: World, user: string): Promise<Account> {
  const { uid, gid } = await stat(dovecot.maildir(user))
  await chmod(folder, 0o755)
  for (const place of places) await chown(place, uid, gid)
  return { uid, gid }
}

async function run(program: string, parameters: readonly string[], place: Place): Promise<void> {
  const { home, signal: ending, ...account } = place
  const env = { PATH: process.env['PATH'], HOME: home, FETCHMAILHOME: home }
  const child = spawn(program, parameters, {
    env,
    cwd: home,
    ...account,
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
  })
  const [problems, [code, signal]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  if (code !== 0) throw new Error(`${program} ended with ${code ?? signal}: ${problems.slice(0, 1000)}`)
}
