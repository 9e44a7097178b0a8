import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as passed } from 'node:timers/promises'
import { DOVECOT_PASSWORD, startDovecot } from '../dovecot.ts'
import type { FaultServer, FaultServerOptions, Step } from '../fault-server.ts'

const USER = 'fault'
/** Of one command or reply, where steps are to be slow. */
const SLOW_MILLISECONDS: Readonly<Partial<Record<Step, number>>> = { download: 1, delete: 10, end: 10 }

/** Dovecot, behind a connection that is listened to. */
export async function imap({ isSlow = false }: FaultServerOptions = {}): Promise<FaultServer> {
  const dovecot = await startDovecot()
  const listeners = new Set<(step: Step) => unknown>()
  const tell = async (steps: readonly Step[]) => {
    for (const step of steps) await Promise.all([...listeners].map((listener) => listener(step)))
    const [step] = steps
    if (isSlow && step !== undefined) await passed(SLOW_MILLISECONDS[step] ?? 0)
  }
  const wire = await openWire(dovecot.ports.imap, tell)
  return {
    deliver: (octets) => dovecot.deliver(USER, [octets]),
    left: async () => (await dovecot.files(USER)).length,
    env: (query = '') => ({
      MAILBOX_TEST_URL: `imap://${USER}@127.0.0.1:${wire.port}${query === '' ? '' : `?${query}`}`,
      MAILBOX_TEST_PASSWORD: DOVECOT_PASSWORD,
    }),
    onStep: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    idle: wire.idle,
    asSent,
    [Symbol.asyncDispose]: async () => {
      await wire.close()
      await dovecot[Symbol.asyncDispose]()
    },
  }
}

/** Dovecot gives every bare LF its CR. */
function asSent(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1').replace(/(?<!\r)\n/g, '\r\n'), 'latin1')
}

type Tell = (steps: readonly Step[]) => Promise<void>

/** TCP to that port; what is a step is told before it goes on. */
async function openWire(toPort: number, tell: Tell) {
  const sockets = new Set<Socket>()
  const waiting = new Set<() => void>()
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: toPort, host: '127.0.0.1', noDelay: true })
    for (const socket of [near, far]) sockets.add(socket)
    carry(near, far, (text) => tell(stepsOf(text)))
    carry(far, near, (text) => tell([...text.matchAll(ROW)].map(() => 'download' as const)))
    far.once('close', () => {
      for (const socket of [near, far]) sockets.delete(socket)
      if (sockets.size > 0) return
      for (const resolve of waiting) resolve()
      waiting.clear()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise<void>((resolve) => waiting.add(resolve))),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), 'close')
    },
  }
}

/** A reply to a FETCH of content begins. */
const ROW = /(?:^|\r\n)\* \d+ FETCH \(UID \d+ BODY\[/g

/** Chunk by chunk: the next one waits until this one was told and has gone. */
function carry(from: Socket, to: Socket, tell: (text: string) => Promise<void>): void {
  let last = Promise.resolve()
  const inTurn = (act: () => Promise<void>) => {
    last = last.then(act).catch(() => void to.destroy())
  }
  from.on('data', (octets) =>
    inTurn(async () => {
      await tell(octets.toString('latin1'))
      if (to.writable) to.write(octets)
    }),
  )
  from.on('error', () => to.destroy())
  from.on('close', () => inTurn(async () => void to.destroy()))
}

/** What the client's line is about; a STORE is a step for each message that it marks. */
function stepsOf(line: string): Step[] {
  const [, verb = '', set = ''] = /^\S+ (?:UID )?([A-Z]+)(?: ([\d:,*]+))?/.exec(line) ?? []
  if (verb === 'STORE') return Array.from({ length: count(set) }, () => 'delete' as const)
  const step = STEPS[verb]
  return step === undefined ? [] : [step]
}

const STEPS: Readonly<Record<string, Step>> = {
  AUTHENTICATE: 'login',
  LOGIN: 'login',
  SELECT: 'list',
  EXAMINE: 'list',
  EXPUNGE: 'end',
  MOVE: 'end',
}

function count(set: string): number {
  const ranges = set.split(',').map((range) => range.split(':').map(Number))
  return ranges.reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0)
}
