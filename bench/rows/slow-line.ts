import { once } from 'node:events'
import { connect } from 'node:net'
import type { MailboxConfig } from '../../src/config.ts'
import { startSandbox } from '../../src/sandbox/server.ts'
import { startDelayProxy } from '../delay-proxy.ts'
import { inChild } from '../support/child.ts'
import type { Measured, Row } from '../support/row.ts'
import type { World } from '../support/world.ts'

const ONE_WAY_MS = 10
const MAILS = 200

export const slowLineRows: readonly Row[] = [
  {
    group: 'slow',
    what: `intake over ${2 * ONE_WAY_MS} ms of round trip, PIPELINING`,
    unit: 'mails/s',
    goal: { atLeast: 400 },
    measure: pipelined,
  },
  {
    group: 'slow',
    what: `intake over ${2 * ONE_WAY_MS} ms of round trip, IMAP`,
    unit: 'mails/s',
    goal: { atLeast: 250 },
    measure: overImap,
  },
  {
    group: 'slow',
    what: `intake over ${2 * ONE_WAY_MS} ms of round trip, one command at a time`,
    unit: 'round trips',
    goal: { atMost: 1.1 },
    measure: oneAtATime,
  },
]

async function pipelined(world: World): Promise<Measured> {
  const mails = Math.min(MAILS, world.mails.length)
  const mailbox = world.dovecot.mailbox(await world.fullMailbox(mails), 'plain')
  const { seconds } = await intakeOverProxy(world, mailbox, mails)
  return { figure: mails / seconds }
}

/** One command on the wire at a time, and a dozen before the first FETCH. */
function overImap(world: World): Promise<Measured> {
  return world.withDatabase(async (databaseUrl) => {
    const mails = Math.min(MAILS, world.mails.length)
    const mailbox = world.dovecot.mailbox(await world.fullMailbox(mails), 'plain', { protocol: 'imap' })
    await using proxy = await startDelayProxy(mailbox.port, ONE_WAY_MS)
    const { seconds } = await inChild('intake', { databaseUrl, mailbox: { ...mailbox, port: proxy.port }, mails })
    return { figure: mails / seconds }
  })
}

/** Against the sandbox, which announces no PIPELINING. The figure: round trips for one command. */
async function oneAtATime(world: World): Promise<Measured> {
  const mails = Math.min(MAILS, world.mails.length)
  const password = 'bench'
  await using sandbox = await startSandbox({
    mailboxes: [{ user: 'bench', password, messages: world.mails.slice(0, mails) }],
    pipelining: false,
  })
  const own = { port: sandbox.port, user: 'bench', credentials: { kind: 'password', password } } as const
  const { seconds, roundTripMs } = await intakeOverProxy(
    world,
    { ...world.dovecot.mailbox('bench', 'plain'), ...own },
    mails,
  )
  const commands = sandbox.log.filter(({ session }) => session > PROBE_SESSION).length
  return {
    figure: (seconds * 1000) / roundTripMs / commands,
    note: `${commands} commands in ${seconds.toFixed(2)} s, ${roundTripMs.toFixed(1)} ms a round trip, ${Math.round(mails / seconds)} mails/s`,
  }
}

function intakeOverProxy(world: World, mailbox: MailboxConfig, mails: number) {
  return world.withDatabase(async (databaseUrl) => {
    await using proxy = await startDelayProxy(mailbox.port, ONE_WAY_MS)
    const roundTripMs = await measureRoundTrip(proxy.port)
    const through = { ...mailbox, port: proxy.port }
    return { ...(await inChild('intake', { databaseUrl, mailbox: through, mails })), roundTripMs }
  })
}

const PROBES = 20
const PROBE_SESSION = 1

/** What the proxy really takes: timers ring late. */
async function measureRoundTrip(port: number): Promise<number> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'data')
  const startedAt = performance.now()
  for (let probe = 0; probe < PROBES; probe++) {
    socket.write('CAPA\r\n')
    await once(socket, 'data')
  }
  const roundTripMs = (performance.now() - startedAt) / PROBES
  socket.end('QUIT\r\n').resume()
  return roundTripMs
}
